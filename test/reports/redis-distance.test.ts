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

  it('counts a call in one round trip, the first of a user, too', async () => {
    await start();
    // Two would never do. A machine that is busy with other things may make one take too long.
    const patience = { timeout: 10_000, interval: 300 };
    await expect
      .poll(async () => (await runOne(gateway, 'fetch', 'ctx_1')).id, patience)
      .toBe('ctx_1');
    const token = await gateway.tokenOf('bob');
    await expect
      .poll(async () => (await runOne(gateway, 'fetch', 'ctx_1', { token })).code, patience)
      .toBe('FORBIDDEN');
  });
});
