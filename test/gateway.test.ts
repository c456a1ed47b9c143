import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from './support/gateway.ts';

const update = /* GraphQL */ `
  mutation ($id: ID!, $input: UpdateExecutionContextInput!) {
    updateExecutionContext(id: $id, input: $input) {
      __typename
      ... on AiExecutionContext {
        id
        sessionId
        context
      }
      ... on ExecutionContextError {
        code
        message
      }
    }
  }
`;

describe('a gateway between a front end and the API', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(() => gateway.close());
  beforeEach(() => {
    gateway.upstream.clear();
  });

  it('updates a context and reads it back', async () => {
    gateway.upstream.seed({ id: 'ctx_123', user_id: 'alice' });
    const token = await gateway.tokenOf('alice');
    const context = { current_step: 'processing', progress: 75 };
    const input = { context, sessionId: 'session_456' };
    const answer = await gateway.ask(update, { id: 'ctx_123', input }, { token });
    expect(answer.body).toEqual({
      data: {
        updateExecutionContext: {
          __typename: 'AiExecutionContext',
          id: 'ctx_123',
          sessionId: 'session_456',
          context,
        },
      },
    });
  });
});
