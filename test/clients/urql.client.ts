import type { Client } from '@urql/core';
import { pipe, subscribe } from 'wonka';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { describeCalls, describeStreams } from './front-end.ts';
import { createEvents } from './pages/page.ts';
import { urqlPage } from './pages/urql.ts';
import { contextQuery, contextsQuery } from './recipes/documents.ts';
import { overEventStreams } from './recipes/live.ts';
import { automatic, trusted } from './recipes/urql-persisted.ts';
import { createGraphcache } from './recipes/urql-graphcache.ts';
import { createDocumentCache, createUrqlClient } from './recipes/urql.ts';
import { describePersisted } from './persisted.ts';
import { signIn, type SignedIn } from './signed-in.ts';

describeCalls('urql', ({ url, session }) => urqlPage(createUrqlClient(url, session)));

describeStreams('urql, with its document cache and graphql-ws', ({ url, session }) =>
  urqlPage(createUrqlClient(url, session)),
);

describeStreams('urql, with graphcache and graphql-sse', ({ url, session }) =>
  urqlPage(
    createUrqlClient(url, session, {
      cache: createGraphcache(),
      live: overEventStreams(url, session),
    }),
  ),
);

describe.each([
  ['document cache', createDocumentCache],
  ['graphcache', createGraphcache],
])("urql's %s", (_, createCache) => {
  let alice: SignedIn;
  let client: Client;
  beforeEach(async () => {
    alice = await signIn();
    client = createUrqlClient(alice.url, alice.session, { cache: createCache() });
  });
  afterEach(async () => {
    await alice.gateway.close();
  });

  it('has an answer once, errors included', async () => {
    const asked = await client.query(contextQuery, { id: 'missing' });
    expect(asked.data?.executionContext).toMatchObject({ code: 'NOT_FOUND' });
    const before = alice.gateway.upstream.requests.length;
    const cached = await client.query(contextQuery, { id: 'missing' });
    expect(cached.data).toEqual(asked.data);
    expect(alice.gateway.upstream.requests.length).toBe(before);
  });

  it('shows a merge in every list', async () => {
    const list = watchList(client);
    expect(await list.next()).toEqual({ context: [['ctx_1', { step: 1 }]] });
    await urqlPage(client).merge({ step: 2 });
    expect(await list.next()).toEqual({ context: [['ctx_1', { step: 2 }]] });
    list.stop();
  });

  it('forgets a context that it deletes', async () => {
    alice.gateway.upstream.seed({ id: 'ctx_0', user_id: 'alice', context: null });
    const list = watchList(client);
    expect(await list.next()).toMatchObject({ context: { length: 2 } });
    await urqlPage(client).delete();
    expect(await list.next()).toEqual({ context: [['ctx_0', null]] });
    list.stop();
  });
});

describe("urql's graphcache", () => {
  it('hears of writes and deletes by subscriptions', async () => {
    await using alice = await signIn();
    const client = createUrqlClient(alice.url, alice.session, { cache: createGraphcache() });
    const list = watchList(client);
    expect(await list.next()).toEqual({ context: [['ctx_1', { step: 1 }]] });
    const watched = urqlPage(client).watch();
    await watched.next();
    expect(await list.next()).toEqual({ context: [['ctx_1', { step: 1 }]] });
    alice.store({ step: 2 });
    expect(await list.next()).toEqual({ context: [['ctx_1', { step: 2 }]] });
    await urqlPage(createUrqlClient(alice.url, alice.session)).delete();
    expect(await list.next()).toEqual({ context: [] });
    list.stop();
  });
});

/** What is on the first page, each time it changes. */
function watchList(client: Client) {
  const events = createEvents();
  const { unsubscribe } = pipe(
    client.query(contextsQuery, { page: 1 }),
    subscribe(({ data, stale }) => {
      const result = data?.executionContexts;
      if (stale || result?.__typename !== 'ExecutionContextPage') return;
      events.push({ context: result.items.map(({ id, context }) => [id, context]) });
    }),
  );
  events.onStop(unsubscribe);
  return events;
}

describePersisted('urql', {
  automatic: ({ url, session }) =>
    urqlPage(createUrqlClient(url, session, { persisted: automatic })),
  withText: 'GET',
  trusted: ({ url, session }) => urqlPage(createUrqlClient(url, session, { persisted: trusted })),
});
