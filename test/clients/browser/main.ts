import { apolloPage } from '../pages/apollo.ts';
import { graphqlRequestPage } from '../pages/graphql-request.ts';
import type { FrontEnd, Member } from '../pages/page.ts';
import { relayPage } from '../pages/relay.ts';
import { urqlPage } from '../pages/urql.ts';
import { automatic } from '../recipes/apollo-persisted.ts';
import { createEventStreamLink } from '../recipes/apollo-sse.ts';
import { createApolloClient } from '../recipes/apollo.ts';
import { overEventStreams, overWebSocket } from '../recipes/live.ts';
import { createSession, type Session } from '../recipes/recovery.ts';
import { createRelayEnvironment } from '../recipes/relay.ts';
import { createGraphcache } from '../recipes/urql-graphcache.ts';
import { createUrqlClient } from '../recipes/urql.ts';

type Setup = (url: string, session: Session) => FrontEnd;

const setups: Readonly<Record<string, Setup>> = {
  'Apollo Client, with graphql-ws': (url, session) => apolloPage(createApolloClient(url, session)),
  'Apollo Client, with graphql-sse and persisted documents': (url, session) => {
    const live = createEventStreamLink(url, session);
    return apolloPage(createApolloClient(url, session, { live, persisted: automatic }));
  },
  'urql, with graphql-ws': (url, session) => urqlPage(createUrqlClient(url, session)),
  'urql, with graphcache and graphql-sse': (url, session) => {
    const live = overEventStreams(url, session);
    return urqlPage(createUrqlClient(url, session, { cache: createGraphcache(), live }));
  },
  'Relay, with graphql-ws': (url, session) => relayPage(createRelayEnvironment(url, session)),
  'Relay, with graphql-sse': (url, session) =>
    relayPage(createRelayEnvironment(url, session, overEventStreams(url, session))),
  'graphql-request, and graphql-ws': (url, session) =>
    graphqlRequestPage(url, session, overWebSocket(url, session)),
  'graphql-request, and graphql-sse': (url, session) =>
    graphqlRequestPage(url, session, overEventStreams(url, session)),
};

/** Reads `ctx_123`, watches it, merges `progress` into it, and reads it again. */
async function visit(
  name: string,
  url: string,
  token: string,
  progress: number,
): Promise<(Member | null | undefined)[]> {
  const page = setups[name]?.(
    url,
    createSession(() => Promise.resolve(token)),
  );
  const read = await page?.read('ctx_123');
  const watched = page?.watch('ctx_123');
  await watched?.next();
  await page?.merge({ progress }, 'ctx_123');
  const seen = await watched?.next();
  watched?.stop();
  return [read, seen, await page?.read('ctx_123')];
}

Object.assign(globalThis, { names: Object.keys(setups), visit });
