import { expect, it } from 'vitest';

import type { ExecutionContexts } from '../../src/execution-contexts/model.ts';
import { connectGateway } from '../../src/gateway.ts';
import { createRateLimiter } from '../../src/rate-limit/limiter.ts';
import { createMemoryStore } from '../../src/rate-limit/memory-store.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

const lines: Record<string, unknown>[] = [];
const logger = createLogger({
  level: 'trace',
  destination: {
    write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  },
});

it('is hidden from clients, and logged once with where it was thrown', async () => {
  const gateway = connectGateway({
    executionContexts: {} as ExecutionContexts,
    rateLimiter: createRateLimiter({ store: createMemoryStore() }),
    resolveIdentity: () => {
      throw new TypeError('a bug');
    },
    onBug: (error) => {
      logger.error({ err: error }, 'unexpected error');
    },
  });
  const response = await gateway.fetch(
    new Request('http://localhost/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ executionContext(id: "hidden") { __typename } }' }),
    }),
  );

  expect(response.status).toBe(500);
  expect(await response.json()).toEqual({
    errors: [{ message: 'Unexpected error.', extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
  });
  expect(lines).toEqual([
    {
      level: 'error',
      time: expect.any(String) as string,
      err: {
        type: 'TypeError',
        message: 'a bug',
        stack: expect.stringContaining('unexpected-error.test.ts') as string,
      },
      msg: 'unexpected error',
    },
  ]);
});
