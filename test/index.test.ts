import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

import * as face from '../src/index.ts';
import type { ExecutionContextsApi } from '../src/index.ts';
import { startIssuer } from './support/issuer.ts';

const update = /* GraphQL */ `
  mutation {
    updateExecutionContext(id: "ctx_123", input: { context: { progress: 75 } }) {
      __typename
      ... on AiExecutionContext {
        id
        context
      }
    }
  }
`;

const stored = {
  id: 'ctx_123',
  agentId: null,
  workflowId: null,
  userId: 'alice',
  sessionId: null,
  context: null,
  createdAt: null,
};

it('has all it takes to put the gateway in front of storage of one’s own', async () => {
  const issuer = await startIssuer();
  const api: Pick<ExecutionContextsApi, 'deadline' | 'fetch' | 'update'> = {
    deadline: () => Infinity,
    fetch: async () => stored,
    update: async (_id, { context }) => ({ ...stored, context }),
  };
  const gateway = face.createGateway({
    services: {
      executionContexts: face.createExecutionContexts({
        api: api as ExecutionContextsApi,
        ownership: face.createOwnership({ isAdministrator: () => false }),
      }),
      rateLimiter: face.createRateLimiter({ store: face.createMemoryStore() }),
    },
    resolveIdentity: face.createIdentityResolver({
      verifier: face.createTokenVerifier({ issuer: issuer.url }),
    }),
  });

  const response = await gateway.fetch('http://gateway/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${await issuer.token({ sub: 'alice' })}`,
    },
    body: JSON.stringify({ query: update }),
  });
  expect(await response.json()).toEqual({
    data: {
      updateExecutionContext: {
        __typename: 'AiExecutionContext',
        id: 'ctx_123',
        context: { progress: 75 },
      },
    },
  });
  await issuer.close();
});

it('opens nothing when imported: a process that does no more ends by itself', () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--eval', "import('./src/index.ts')"],
    { encoding: 'utf8', timeout: 15_000 },
  );
  expect(stderr).toBe('');
  expect(status).toBe(0);
});
