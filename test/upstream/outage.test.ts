import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { operationNames, run, runOne } from '../support/operations.ts';
import { reply } from '../support/upstream-faults.ts';

const idsOf = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${prefix}_${i}`);

describe('an outage of the API', () => {
  let gateway: TestGateway;
  beforeEach(async () => {
    gateway = await startTestGateway();
    gateway.upstream.seed({ id: 'ctx_1' });
  });
  afterEach(() => gateway.close());

  it('is answered at once, and is over within five seconds of its end', async () => {
    gateway.upstream.always(reply(503));
    await run(gateway, 'fetch', idsOf('ctx', 20));
    gateway.upstream.clear();
    gateway.upstream.always(reply(503));

    for (const operation of operationNames) {
      expect(await runOne(gateway, operation)).toMatchObject({
        code: 'UPSTREAM_UNAVAILABLE',
        retryable: true,
        status: null,
      });
    }
    expect(gateway.upstream.requests).toEqual([]);

    gateway.upstream.clear();
    await expect
      .poll(() => runOne(gateway, 'fetch'), { timeout: 5_000, interval: 100 })
      .toMatchObject({ __typename: 'AiExecutionContext', id: 'ctx_1' });
  });

  it('is not what one context that fails always makes, however often it is asked for', async () => {
    gateway.upstream.on('*', '/ai-execution-context/broken', reply(503));
    for (let i = 0; i < 60; i += 1) {
      const [broken, whole] = await Promise.all([
        runOne(gateway, i % 2 ? 'update' : 'fetch', 'broken'),
        runOne(gateway, 'fetch', 'ctx_1'),
      ]);
      expect(broken).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', status: 503 });
      expect(whole).toMatchObject({ id: 'ctx_1' });
    }
  });
});
