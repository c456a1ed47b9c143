import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Conversation } from '../../examples/supergraph/conversations/conversation.ts';
import { replyError } from '../support/upstream-faults.ts';
import { routers, startSupergraph, type Supergraph } from './supergraph.ts';

const contextsOfConversations = /* GraphQL */ `
  query ($first: Int!) {
    conversations(first: $first) {
      executionContext {
        id
        context
      }
    }
  }
`;

interface Answered {
  readonly conversations: readonly { readonly executionContext: { context: unknown } | null }[];
}

const conversations: readonly Conversation[] = Array.from({ length: 50 }, (_, i) => ({
  id: `conversation_${i}`,
  title: `Conversation ${i}`,
  executionContextId: `ctx_${i}`,
  labels: {},
}));

describe.each(routers)('references from another subgraph, through %s', (_name, startRouter) => {
  let supergraph: Supergraph;
  beforeAll(async () => {
    supergraph = await startSupergraph({ startRouter, conversations });
    supergraph.contexts.upstream.seed(
      ...conversations.map(({ executionContextId: id }, step) => ({
        id,
        user_id: 'alice',
        context: { step },
      })),
    );
  });
  afterAll(() => supergraph.close());
  beforeEach(() => {
    supergraph.contexts.upstream.clear();
    supergraph.clock.advance(60_000);
  });

  /** The contexts of the first conversations, as `token` may see them. */
  async function contextsOf(first: number, token?: string, requestId = 'any') {
    const headers = { 'x-request-id': requestId };
    const asker = { headers, ...(token !== undefined && { token }) };
    const data = await supergraph.dataOf(contextsOfConversations, { first }, asker);
    const { conversations: found } = data as Answered;
    expect(found).toHaveLength(first);
    return found.map(({ executionContext }) => executionContext?.context ?? null);
  }

  it('fetches twenty in one request and twenty upstream calls', async () => {
    const token = await supergraph.contexts.tokenOf('alice');
    expect(await contextsOf(20, token, 'twenty')).toEqual(
      Array.from({ length: 20 }, (_, step) => ({ step })),
    );
    expect(supergraph.contexts.upstream.requests).toHaveLength(20);
    await contextsOf(1, token, 'the-last');
    await vi.waitFor(() => {
      expect(supergraph.loggedRequestIds()).toContain('the-last');
    });
    expect(supergraph.loggedRequestIds().filter((id) => id === 'twenty')).toHaveLength(1);
  });

  it('admits twenty of fifty distinct ones at once and answers null for the rest', async () => {
    const token = await supergraph.contexts.tokenOf('alice');
    const contexts = await contextsOf(50, token);
    expect(contexts.filter((context) => context !== null)).toHaveLength(20);
    expect(supergraph.contexts.upstream.requests).toHaveLength(20);
  });

  it('reads nothing for a caller without a token', async () => {
    expect(await contextsOf(2)).toEqual([null, null]);
    expect(supergraph.contexts.upstream.requests).toHaveLength(0);
  });

  it('shows nobody the contexts of somebody else', async () => {
    expect(await contextsOf(2, await supergraph.contexts.tokenOf('bob'))).toEqual([null, null]);
  });

  it('loses one context to an upstream failure and none beside it', async () => {
    const { upstream } = supergraph.contexts;
    upstream.on('GET', '/ai-execution-context/ctx_1', replyError(500, 'broken'));
    const token = await supergraph.contexts.tokenOf('alice');
    expect(await contextsOf(3, token)).toEqual([{ step: 0 }, null, { step: 2 }]);
  });

  it('answers null for a context that is no more', async () => {
    const { upstream } = supergraph.contexts;
    upstream.on(
      'GET',
      '/ai-execution-context/ctx_0',
      replyError(404, 'execution context not found'),
    );
    const token = await supergraph.contexts.tokenOf('alice');
    expect(await contextsOf(2, token)).toEqual([null, { step: 1 }]);
  });
});
