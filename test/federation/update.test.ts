import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { replyError } from '../support/upstream-faults.ts';
import { routers, startSupergraph, type Supergraph } from './supergraph.ts';

const update = /* GraphQL */ `
  mutation ($id: ID!, $input: UpdateExecutionContextInput!) {
    updateExecutionContext(id: $id, input: $input) {
      __typename
      ... on AiExecutionContext {
        id
        sessionId
        context
        version
      }
      ... on ExecutionContextError {
        code
      }
      ... on ExecutionContextInputError {
        issues {
          path
        }
      }
      ... on ExecutionContextNotFoundError {
        executionContextId
      }
      ... on ExecutionContextConflictError {
        currentVersion
      }
      ... on ExecutionContextRateLimitError {
        source
        retryAfterMs
        limit
        windowMs
      }
      ... on ExecutionContextUpstreamError {
        status
        retryable
      }
    }
  }
`;

const input = { context: { step: 2, tags: ['a'] }, sessionId: 'session_2' };
const path = '/ai-execution-context/ctx_1';

describe.each(routers)('an update through %s', (_name, startRouter) => {
  let supergraph: Supergraph;
  let alice: string;
  beforeAll(async () => {
    supergraph = await startSupergraph({ startRouter });
  });
  afterAll(() => supergraph.close());
  beforeEach(async () => {
    supergraph.clock.advance(60_000);
    alice = await supergraph.contexts.tokenOf('alice');
    const { upstream } = supergraph.contexts;
    upstream.clear();
    upstream.seed({ id: 'ctx_1', user_id: 'alice', session_id: 'session_1', context: { step: 1 } });
  });

  async function updated(variables: object = {}, token: string | null = alice): Promise<unknown> {
    const asker = token === null ? {} : { token };
    const data = await supergraph.dataOf(update, { id: 'ctx_1', input, ...variables }, asker);
    return (data as { updateExecutionContext: unknown }).updateExecutionContext;
  }

  it('is an AiExecutionContext', async () => {
    expect(await updated()).toEqual({
      __typename: 'AiExecutionContext',
      id: 'ctx_1',
      ...input,
      version: expect.stringMatching(/./) as string,
    });
    expect(supergraph.contexts.upstream.stored('ctx_1')).toMatchObject({ context: input.context });
  });

  it('is an ExecutionContextInputError where nothing is to change', async () => {
    expect(await updated({ input: {} })).toEqual({
      __typename: 'ExecutionContextInputError',
      code: 'INVALID_INPUT',
      issues: [{ path: ['input'] }],
    });
  });

  it('is an ExecutionContextAuthenticationError without a token', async () => {
    expect(await updated({}, null)).toEqual({
      __typename: 'ExecutionContextAuthenticationError',
      code: 'UNAUTHENTICATED',
    });
  });

  it('is an ExecutionContextForbiddenError for somebody else', async () => {
    expect(await updated({}, await supergraph.contexts.tokenOf('bob'))).toEqual({
      __typename: 'ExecutionContextForbiddenError',
      code: 'FORBIDDEN',
    });
  });

  it('is an ExecutionContextNotFoundError where there is none', async () => {
    expect(await updated({ id: 'ctx_none' })).toEqual({
      __typename: 'ExecutionContextNotFoundError',
      code: 'NOT_FOUND',
      executionContextId: 'ctx_none',
    });
  });

  it('is an ExecutionContextConflictError where the API says so', async () => {
    supergraph.contexts.upstream.on('PUT', path, replyError(409, 'changed meanwhile'));
    expect(await updated()).toEqual({
      __typename: 'ExecutionContextConflictError',
      code: 'CONFLICT',
      currentVersion: null,
    });
  });

  it('is an ExecutionContextRateLimitError from the eleventh in a second on', async () => {
    for (let i = 0; i < 10; i += 1) {
      expect(await updated()).toMatchObject({ __typename: 'AiExecutionContext' });
    }
    expect(await updated()).toEqual({
      __typename: 'ExecutionContextRateLimitError',
      code: 'RATE_LIMITED',
      source: 'GATEWAY',
      retryAfterMs: 1000,
      limit: 10,
      windowMs: 1000,
    });
  });

  it('is an ExecutionContextUpstreamError where the API fails', async () => {
    supergraph.contexts.upstream.on('PUT', path, replyError(500, 'broken'));
    expect(await updated()).toEqual({
      __typename: 'ExecutionContextUpstreamError',
      code: 'UPSTREAM_FAILED',
      status: 500,
      retryable: true,
    });
  });
});
