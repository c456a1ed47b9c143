import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { parseLimit } from '../../src/rate-limit/limit.ts';
import type { RedisConnection } from '../../src/shared-state/redis-connection.ts';
import { createRedisStore } from '../../src/shared-state/redis-store.ts';
import { releaseScript } from '../../src/shared-state/release-script.ts';
import type { RemoteStore } from '../../src/shared-state/resilient-store.ts';
import { createClock } from '../support/clock.ts';
import type { RedisServer } from '../support/redis.ts';
import { describeWithRedis, startRedis } from '../support/redis.ts';
import { connectionTo, observe, storeOn } from './open-redis.ts';
import { startHoldingProxy, type HoldingProxy } from '../support/redis-proxy.ts';

const { windows } = parseLimit({
  group: 'update',
  limits: [
    { window: '60s', max: 50 },
    { window: '1s', max: 10 },
  ],
});
// Longer than the default, as a busy machine may hold up a healthy Redis for that long.
const timeoutMs = 300;
const key = { user: 'ann', group: 'update' };

describeWithRedis('Redis store', () => {
  let server: RedisServer;
  let proxy: HoldingProxy;
  let observer: Redis;
  let connection: RedisConnection;
  let store: RemoteStore;

  beforeAll(async () => {
    server = await startRedis();
    proxy = await startHoldingProxy(server.url);
    observer = await observe(server.url);
  });
  beforeEach(async () => {
    await observer.flushall();
    connection = connectionTo(proxy.url);
    store = createRedisStore({ connection, timeoutMs });
    await store.probe();
  });
  afterEach(() => {
    connection.close();
  });
  afterAll(async () => {
    observer.disconnect();
    proxy.close();
    await server.close();
  });

  const logKeys = () => observer.keys('*rate-limit:*:update');
  async function charged(): Promise<number> {
    const [logKey] = await logKeys();
    return logKey === undefined ? 0 : observer.llen(logKey);
  }

  it('charges nothing for a script that arrives after the call was given up', async () => {
    await store.consume(key, windows);
    proxy.hold();
    const calls = Array.from({ length: 5 }, () => store.consume(key, windows));
    const outcomes = await Promise.allSettled(calls);
    proxy.release();
    await connection.run(releaseScript, ['nothing'], ['nobody']);
    expect(outcomes.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
    expect(await charged()).toBe(1);
  });

  it('gives a call up after 50 ms unless told otherwise', async () => {
    const hasty = createRedisStore({ connection });
    proxy.hold();
    await expect(hasty.consume(key, windows)).rejects.toThrow('No reply within 50 ms.');
    proxy.release();
  });

  it('charges nothing for scripts that a frozen Redis finds when it wakes', async () => {
    await store.consume(key, windows);
    server.freeze();
    const calls = Array.from({ length: 5 }, () => store.consume(key, windows));
    const outcomes = await Promise.allSettled(calls);
    server.thaw();
    await connection.run(releaseScript, ['nothing'], ['nobody']);
    expect(outcomes.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
    expect(await charged()).toBe(1);
  });

  it.each([
    ['before the call was sent', () => undefined],
    ['after the call was sent', () => new Promise(setImmediate)],
  ])('takes the reply when its own process stalled beyond the time-out %s', async (_, wait) => {
    const direct = storeOn(server.url, { timeoutMs });
    await direct.probe();
    const call = direct.consume(key, windows);
    await wait();
    const stalledSince = performance.now();
    while (performance.now() - stalledSince < 2 * timeoutMs);
    expect(await call).toMatchObject({ admitted: true });
    direct.close();
  });

  it('loads its script again after Redis has lost it', async () => {
    await store.consume(key, windows);
    await observer.script('FLUSH');
    expect(await store.consume(key, windows)).toMatchObject({ admitted: true });
    expect(await charged()).toBe(2);
  });

  it('makes one round trip a call', async () => {
    await store.consume(key, windows);
    const before = proxy.received;
    for (let index = 0; index < 5; index += 1) await store.consume(key, windows);
    expect(proxy.received - before).toBe(5);
  });

  it('counts calls within one millisecond and by Redis clock, with no clock given', async () => {
    const calls = Array.from({ length: 100 }, () => store.consume(key, windows));
    const admitted = (await Promise.all(calls)).filter((decision) => decision.admitted);
    expect(admitted).toHaveLength(10);
    expect(await charged()).toBe(10);
  });

  it('lets its keys expire when their newest call has left the longest window', async () => {
    await store.consume(key, windows);
    const [logKey = ''] = await logKeys();
    const expiresInMs = await observer.pttl(logKey);
    expect(expiresInMs).toBeGreaterThan(59_000);
    expect(expiresInMs).toBeLessThanOrEqual(60_001);
  });

  it('takes a clock of Redis that is set back for one that stood still', async () => {
    const clock = createClock();
    const timed = createRedisStore({ connection, timeoutMs, now: clock.now });
    await timed.probe();
    for (let index = 0; index < 10; index += 1) {
      await timed.consume(key, windows);
      clock.advance(10);
    }
    clock.advance(-3_600_000);
    expect(await timed.consume(key, windows)).toMatchObject({
      admitted: false,
      retryAfterMs: 910,
    });
    clock.advance(910);
    expect(await timed.consume(key, windows)).toMatchObject({ admitted: true });
  });

  it('says why it cannot be reached', async () => {
    const nowhere = storeOn('redis://127.0.0.1:1');
    await expect(nowhere.probe()).rejects.toThrow();
    await expect(nowhere.consume(key, windows)).rejects.toMatchObject({
      message: 'Redis is not connected.',
      cause: { message: expect.stringContaining('ECONNREFUSED') as string },
    });
    nowhere.close();
  });
});
