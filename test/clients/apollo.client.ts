import type { ApolloClient } from '@apollo/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { describeCalls, describeStreams } from './front-end.ts';
import { createEvents } from './pages/page.ts';
import { apolloPage } from './pages/apollo.ts';
import { describePersisted } from './persisted.ts';
import { automatic, trusted } from './recipes/apollo-persisted.ts';
import { createEventStreamLink } from './recipes/apollo-sse.ts';
import { createApolloClient } from './recipes/apollo.ts';
import { contextQuery, contextsQuery } from './recipes/documents.ts';
import { signIn, type SignedIn } from './signed-in.ts';

describeCalls('Apollo Client', ({ url, session }) => apolloPage(createApolloClient(url, session)));

describeStreams('Apollo Client, with graphql-ws', ({ url, session }) =>
  apolloPage(createApolloClient(url, session)),
);

describeStreams('Apollo Client, with graphql-sse', ({ url, session }) =>
  apolloPage(createApolloClient(url, session, { live: createEventStreamLink(url, session) })),
);

describe("Apollo Client's cache", () => {
  let alice: SignedIn;
  let client: ApolloClient;
  beforeEach(async () => {
    alice = await signIn();
    client = createApolloClient(alice.url, alice.session);
  });
  afterEach(async () => {
    client.stop();
    await alice.gateway.close();
  });

  /** The ids on the first page, each time they change. */
  function watchList() {
    const events = createEvents();
    const query = client.watchQuery({ query: contextsQuery, variables: { page: 1 } });
    const subscription = query.subscribe(({ data, dataState }) => {
      const result = data?.executionContexts;
      if (dataState !== 'complete' || result?.__typename !== 'ExecutionContextPage') return;
      events.push({ context: result.items?.map(({ id, context }) => [id, context]) });
    });
    events.onStop(() => {
      subscription.unsubscribe();
    });
    return events;
  }

  it('matches the fragment on the interface, so that a cached error is whole', async () => {
    const query = { query: contextQuery, variables: { id: 'missing' } };
    const { data: asked } = await client.query(query);
    expect(asked?.executionContext).toMatchObject({ code: 'NOT_FOUND' });
    const before = alice.gateway.upstream.requests.length;
    const { data: cached } = await client.query(query);
    expect(cached).toEqual(asked);
    expect(alice.gateway.upstream.requests.length).toBe(before);
  });

  it('shows a merge and a watched state in every list', async () => {
    const list = watchList();
    expect(await list.next()).toEqual({ context: [['ctx_1', { step: 1 }]] });
    await apolloPage(client).merge({ step: 2 });
    expect(await list.next()).toEqual({ context: [['ctx_1', { step: 2 }]] });
    const watched = apolloPage(client).watch();
    await watched.next();
    alice.store({ step: 3 });
    expect(await list.next()).toEqual({ context: [['ctx_1', { step: 3 }]] });
    watched.stop();
    list.stop();
  });

  it.each(['deletes', 'is told of'])('forgets a context whose delete it %s', async (how) => {
    alice.gateway.upstream.seed({ id: 'ctx_0', user_id: 'alice', context: null });
    const list = watchList();
    expect(await list.next()).toMatchObject({ context: { length: 2 } });
    if (how === 'deletes') await apolloPage(client).delete();
    else {
      const watched = apolloPage(client).watch();
      await watched.next();
      await apolloPage(createApolloClient(alice.url, alice.session)).delete();
      expect(await watched.next()).toMatchObject({ deletedId: 'ctx_1' });
    }
    expect(await list.next()).toEqual({ context: [['ctx_0', null]] });
    expect(client.cache.extract()).not.toHaveProperty(['AiExecutionContext:ctx_1']);
    list.stop();
  });
});

describePersisted('Apollo Client', {
  automatic: ({ url, session }) =>
    apolloPage(createApolloClient(url, session, { persisted: automatic })),
  trusted: ({ url, session }) =>
    apolloPage(createApolloClient(url, session, { persisted: trusted })),
});
