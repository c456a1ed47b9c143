import { expect, it } from 'vitest';

import { mintSandboxToken, sandboxPeople } from '../../src/sandbox/index.ts';
import { askGraphQL, dataOf } from '../support/ask.ts';
import { startSandboxGateway } from '../support/sandbox-gateway.ts';

const fetchContext = /* GraphQL */ `
  {
    executionContext(id: "ctx_123") {
      ... on AiExecutionContext {
        userId
      }
      ... on ExecutionContextError {
        code
      }
    }
  }
`;

it('lets everyone of the sandbox do what is said of them', async () => {
  await using gateway = await startSandboxGateway();
  const answers = sandboxPeople.map(async ({ name }) => {
    const token = await mintSandboxToken(name);
    return [name, dataOf(await askGraphQL(gateway.url, fetchContext, {}, { token }))];
  });
  expect(await Promise.all(answers)).toEqual([
    ['alice', { executionContext: { userId: 'alice' } }],
    ['bob', { executionContext: { code: 'FORBIDDEN' } }],
    ['admin', { executionContext: { userId: 'alice' } }],
  ]);
});
