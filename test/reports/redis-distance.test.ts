import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { runOne } from '../support/operations.ts';
import { startHoldingProxy, type HoldingProxy } from '../support/redis-proxy.ts';
import { describeWithRedis, startRedis, type RedisServer } from '../support/redis.ts';
import { linesOf, readinessOf } from './log-lines.ts';

/** There and back: two round trips do not fit into the 50 ms that Redis has for a call. */
const roundTripMs = 30;

// A machine that is busy with other things adds to the distance, which then is the cause.
describeWithRedis('a Redis 30 ms away', { retry: 3 }, () => {
  let server: RedisServer;
  let proxy: HoldingProxy;
  let gateway: TestGateway;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterEach(async () => {
    await gateway.close();
    proxy.close();
  });
  afterAll(() => server.close());

  async function start(): Promise<void> {
    proxy = await startHoldingProxy(server.url);
    proxy.delay(roundTripMs / 2);
    gateway = await startTestGateway({
      env: { REDIS_URL: proxy.url, RATE_LIMIT_ON_STORE_FAILURE: 'closed' },
    });
    gateway.upstream.seed({ id: 'ctx_1', user_id: 'alice' });
  }

  it('is one that a healthy start tells nothing of', async () => {
    await start();
    expect(await readinessOf(gateway)).toMatchObject({ status: 200, degraded: [], reasons: [] });
    expect(linesOf(gateway, /Redis/)).toEqual([]);
  });

  it('counts every call in one round trip, the first of a user and of the process, too', async () => {
    await start();
    const others = await gateway.tokenOf('bob');
    for (let calls = 0; calls < 5; calls += 1) {
      const { id, code } = await runOne(gateway, 'fetch', 'ctx_1');
      expect(id ?? code).toBe('ctx_1');
      const refused = await runOne(gateway, 'fetch', 'ctx_1', { token: others });
      expect(refused.code).toBe('FORBIDDEN');
    }
    expect(linesOf(gateway, /Redis/)).toEqual([]);
  });
});
