import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';

import { parseLimit } from '../../src/rate-limit/limit.ts';
import type { RateLimitStore } from '../../src/rate-limit/store.ts';
import { RedisAvailability } from '../../src/shared-state/redis-availability.ts';
import type { RedisConnection } from '../../src/shared-state/redis-connection.ts';
import { createRedisStore } from '../../src/shared-state/redis-store.ts';
import { createResilientStore, type RemoteStore } from '../../src/shared-state/resilient-store.ts';
import { describeWithRedis, startRedis, type RedisServer } from '../support/redis.ts';
import { connectionTo, observe } from './open-redis.ts';
import { startHoldingProxy, type HoldingProxy } from '../support/redis-proxy.ts';

const { windows } = parseLimit({ group: 'update', limits: [{ window: '60s', max: 50 }] });
const key = { user: 'ann', group: 'update' };
/** There and back take so many milliseconds: two round trips do not fit into the time-out. */
const roundTripMs = 120;
/** As the default to a Redis 30 ms away; longer, as a busy machine makes both longer. */
const timeoutMs = 200;

describeWithRedis('a Redis far away', () => {
  let server: RedisServer;
  let proxy: HoldingProxy;
  let observer: Redis;
  let connection: RedisConnection;
  let remote: RemoteStore;
  let availability: RedisAvailability;
  let store: RateLimitStore;
  const onOutage = vi.fn();
  const onDecidedAlone = vi.fn();

  beforeAll(async () => {
    server = await startRedis();
    observer = await observe(server.url);
  });
  beforeEach(async () => {
    vi.clearAllMocks();
    await observer.flushall();
    await observer.script('FLUSH');
    proxy = await startHoldingProxy(server.url);
    proxy.delay(roundTripMs / 2);
    connection = connectionTo(proxy.url);
    remote = createRedisStore({ connection, timeoutMs });
    availability = new RedisAvailability({ probe: () => remote.probe(), onOutage });
    store = createResilientStore({
      store: remote,
      availability,
      onStoreFailure: 'closed',
      onDecidedAlone,
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    availability.close();
    connection.close();
    proxy.close();
  });
  afterAll(async () => {
    observer.disconnect();
    await server.close();
  });

  const call = async () => store.consume(key, windows);

  it('tells of no outage at the start, whose first reply may take longer than that of a call', async () => {
    const hasty = createRedisStore({ connection, timeoutMs: roundTripMs / 2 });
    const hastily = new RedisAvailability({ probe: () => hasty.probe(), onOutage });
    await hastily.start();
    expect(hastily.healthy).toBe(true);
    expect(onOutage).not.toHaveBeenCalled();
    await createResilientStore({ store: hasty, availability: hastily }).consume(key, windows);
    expect(onOutage).toHaveBeenCalledOnce();
    hastily.close();
  });

  it('takes one round trip a call, the first of a connection too', async () => {
    await connection.connect();
    await observer.script('FLUSH');
    const before = proxy.received;
    for (let calls = 1; calls <= 3; calls += 1) {
      expect(await call()).toMatchObject({ admitted: true });
      expect(proxy.received - before).toBe(calls);
    }
    expect(onDecidedAlone).not.toHaveBeenCalled();
  });

  it('counts calls that come one after another, none of which waits for the one before', async () => {
    await availability.start();
    const calls: ReturnType<typeof call>[] = [];
    for (let index = 0; index < 10; index += 1) {
      calls.push(call());
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (const decision of await Promise.all(calls)) {
      expect(decision).toMatchObject({ admitted: true });
    }
    expect(onDecidedAlone).not.toHaveBeenCalled();
  });

  it('takes a first connection that is still being made for no outage', async () => {
    const starting = availability.start();
    // Connecting takes longer than a call may: nobody can count this one.
    expect(await call()).toMatchObject({ admitted: false, refusedBy: null });
    await starting;
    expect(await call()).toMatchObject({ admitted: true });
    expect(availability.healthy).toBe(true);
    expect(onOutage).not.toHaveBeenCalled();
  });

  it('counts calls that are made while the first connection is being made, where that is quick', async () => {
    proxy.delay(0);
    const starting = availability.start();
    expect(await call()).toMatchObject({ admitted: true });
    await starting;
    expect(onDecidedAlone).not.toHaveBeenCalled();
  });

  it('does not count a call that comes after its deadline, which is no outage', async () => {
    await availability.start();
    // As if this process had been suspended for so long: its clock stood still, and that of Redis not.
    const suspendedMs = 10_000;
    const clock = vi.spyOn(connection.clock, 'surelyReachedAt');
    clock.mockImplementationOnce((localMs) => Math.floor((localMs - suspendedMs) * 1000));
    expect(await call()).toMatchObject({ admitted: false, refusedBy: null });
    expect(await observer.keys('*:update')).toEqual([]);
    expect(await call()).toMatchObject({ admitted: true });
    expect(onOutage).not.toHaveBeenCalled();
  });

  it('makes a call once more that a wrong clock had refused, where there is time for it', async () => {
    proxy.delay(0);
    await availability.start();
    vi.spyOn(connection.clock, 'surelyReachedAt').mockReturnValueOnce(0);
    expect(await call()).toMatchObject({ admitted: true });
    expect(onDecidedAlone).not.toHaveBeenCalled();
  });
});
