import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { routers, startSupergraph, type Supergraph } from './supergraph.ts';

const query = '{ conversations { executionContext { context } } }';
const routerSecret = 'the-router-s-own-secret';

describe.each(routers)('%s forwards', (_name, startRouter) => {
  const reachedConversations: (string | null)[] = [];
  let supergraph: Supergraph;
  beforeAll(async () => {
    supergraph = await startSupergraph({
      startRouter,
      routerSecret,
      conversations: [{ id: 'c_1', title: 'Hello', executionContextId: 'ctx_1', labels: {} }],
      onConversationsRequest: (requestId) => reachedConversations.push(requestId),
    });
    supergraph.contexts.upstream.seed({ id: 'ctx_1', user_id: 'alice', context: { step: 1 } });
  });
  afterAll(() => supergraph.close());
  beforeEach(() => {
    supergraph.contexts.upstream.clear();
    supergraph.clock.advance(60_000);
    reachedConversations.length = 0;
  });

  async function ask(headers: Readonly<Record<string, string>> = {}) {
    const before = supergraph.loggedRequestIds().length;
    const token = await supergraph.contexts.tokenOf('alice');
    expect(await supergraph.dataOf(query, {}, { token, headers })).toEqual({
      conversations: [{ executionContext: { context: { step: 1 } } }],
    });
    await vi.waitFor(() => {
      expect(supergraph.loggedRequestIds()).toHaveLength(before + 1);
    });
    return {
      conversations: reachedConversations,
      contexts: supergraph.loggedRequestIds().slice(before),
      upstream: supergraph.contexts.upstream.requests.map(({ headers }) => headers['x-request-id']),
    };
  }

  it('the client’s request id to both subgraphs, whence it reaches the API', async () => {
    const id = 'the-client-s-request-id';
    expect(await ask({ 'x-request-id': id })).toEqual({
      conversations: [id],
      contexts: [id],
      upstream: [id],
    });
  });

  it('one request id of its own where the client has none', async () => {
    const { conversations, contexts, upstream } = await ask();
    expect(conversations).toEqual([expect.stringMatching(/^[\w-]{8,}$/)]);
    expect({ contexts, upstream }).toEqual({ contexts: conversations, upstream: conversations });
  });

  it('its secret, without which the subgraph refuses', async () => {
    await ask();
    const token = await supergraph.contexts.tokenOf('alice');
    const direct = await fetch(`${supergraph.contexts.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: '{ __typename }' }),
    });
    expect(direct.status).toBe(403);
  });
});
