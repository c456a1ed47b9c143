import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import { leaseMs } from '../../src/shared-state/keyed-locks.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { describeWithRedis, startRedis, type RedisServer } from '../support/redis.ts';
import { applyThen, passThrough, reset } from '../support/upstream-faults.ts';
import { createGate } from '../support/upstream-gate.ts';
import { merge, read, remove, update } from './write-documents.ts';

const prefix = 'execution-context-gateway:';

describeWithRedis('writes of a gateway with Redis', () => {
  let redis: RedisServer;
  let admin: Redis;
  let gateway: TestGateway;
  let count = 0;
  let id: string;
  beforeAll(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
    admin.on('error', () => undefined);
    gateway = await startTestGateway({ env: { REDIS_URL: redis.url } });
    gateway.upstream.seed({ id: 'first', context: 1 });
    // A Redis that has just started grants nothing for one lease.
    expect(await update(gateway, 'first', { context: 2 })).toMatchObject({ context: 2 });
  }, 30_000);
  afterAll(async () => {
    await gateway.close();
    admin.disconnect();
    await redis.close();
  });
  beforeEach(() => {
    id = `ctx_${(count += 1)}`;
    gateway.upstream.clear();
    gateway.upstream.seed({ id, user_id: 'alice', context: {} });
  });

  const isLocked = async () => (await admin.exists(`${prefix}lock:${id}`)) === 1;

  it('hold the lock while they are under way, and give it back', async () => {
    const gate = createGate();
    gateway.upstream.on('PUT', /./, gate.hold(passThrough()));
    const writing = update(gateway, id, { context: 1 });
    await gate.reached(1);
    expect(await isLocked()).toBe(true);
    gate.open();
    await writing;
    await expect.poll(isLocked).toBe(false);
  });

  it('ask for the limit and the lock in one round trip, once permission is known', async () => {
    const questions = async () => {
      const stats = await admin.info('commandstats');
      return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1]);
    };
    await update(gateway, id, { context: 1 });
    await expect.poll(isLocked).toBe(false);
    const gate = createGate();
    gateway.upstream.on('PUT', /./, gate.hold(passThrough()));
    const before = await questions();
    const writing = update(gateway, id, { context: 2 });
    await gate.reached(1);
    expect(await questions()).toBe(before + 1);
    expect(await isLocked()).toBe(true);
    gate.open();
    expect(await writing).toMatchObject({ context: 2 });
  });

  it('give back the lock of a call that the limit refuses', async () => {
    const token = await gateway.tokenOf('alice-in-a-hurry');
    gateway.upstream.seed({ id, user_id: 'alice-in-a-hurry', context: {} });
    const codes: (string | undefined)[] = [];
    for (let call = 0; call < 12; call += 1) {
      codes.push((await update(gateway, id, { context: call }, token)).code);
    }
    expect(codes.slice(10)).toEqual(['RATE_LIMITED', 'RATE_LIMITED']);
    await expect.poll(isLocked).toBe(false);
    expect(await update(gateway, id, { context: 'free' })).toMatchObject({ context: 'free' });
  });

  it('take no lock for a stranger', async () => {
    const token = await gateway.tokenOf('mallory');
    const gate = createGate();
    gateway.upstream.on('GET', /./, gate.hold(passThrough()));
    const writing = [
      update(gateway, id, { context: 1 }, token),
      merge(gateway, id, { patch: { a: 1 } }, token),
    ];
    await gate.reached(2);
    expect(await isLocked()).toBe(false);
    gate.open();
    for (const result of await Promise.all(writing)) expect(result.code).toBe('FORBIDDEN');
    expect(await isLocked()).toBe(false);
  });

  it('leave the lock to expire after an unknown outcome', async () => {
    gateway.upstream.next(applyThen(reset()));
    const startedAt = performance.now();
    expect(await update(gateway, id, { context: { a: 1 } })).toMatchObject({
      code: 'UPSTREAM_FAILED',
      retryable: true,
    });
    expect(await isLocked()).toBe(true);
    expect(await merge(gateway, id, { patch: { b: 2 } })).toMatchObject({
      context: { a: 1, b: 2 },
    });
    expect(performance.now() - startedAt).toBeGreaterThan(2_000);
  });

  it('are given up before a lease ends that cannot be renewed', async () => {
    const gate = createGate();
    gateway.upstream.on('PUT', /./, gate.hold(passThrough()));
    const writing = merge(gateway, id, { patch: { a: 1 } });
    await gate.reached(1);
    const startedAt = performance.now();
    // Nobody else's renewal counts: as where this replica is cut off.
    await admin.set(`${prefix}lock:${id}`, 'another', 'PX', 60_000);
    const result = await writing;
    expect(result).toMatchObject({ code: 'UPSTREAM_FAILED', retryable: false });
    expect(result.message).toContain('may have been applied');
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    await gateway.upstream.requests.find(({ method }) => method === 'PUT')?.abandoned;
    await admin.del(`${prefix}lock:${id}`);
    gate.open();
  });

  it('are told soon where Redis hangs', async () => {
    redis.freeze();
    const startedAt = performance.now();
    expect(await merge(gateway, id, { patch: { a: 1 } })).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      retryable: true,
    });
    expect(await update(gateway, id, { context: 1 })).toMatchObject({ context: 1 });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    redis.thaw();
    await expect
      .poll(async () => (await merge(gateway, id, { patch: { a: 1 } })).context, { timeout: 5_000 })
      .toEqual({ a: 1 });
  });

  it('go by the queue of this process while Redis is away; what needs all of them does not', async () => {
    const { version } = await read(gateway, id);
    await redis.stop();
    await sleep(50);
    const unavailable = { code: 'UPSTREAM_UNAVAILABLE', retryable: true };
    expect(await merge(gateway, id, { patch: { a: 1 } })).toMatchObject(unavailable);
    expect(await update(gateway, id, { context: 1, ifVersion: version })).toMatchObject(
      unavailable,
    );
    expect(await remove(gateway, id, version)).toMatchObject(unavailable);
    expect(gateway.upstream.requests.map(({ method }) => method)).toEqual(['GET']);

    const gate = createGate();
    gateway.upstream.on('PUT', /./, gate.hold(passThrough()));
    const writes = [1, 2, 3].map((context) => update(gateway, id, { context }));
    await gate.reached(1);
    await sleep(50);
    expect(gateway.upstream.requests).toHaveLength(2);
    gate.open();
    for (const result of await Promise.all(writes)) expect(result).toMatchObject({ id });
    expect(await remove(gateway, id)).toMatchObject({ deletedId: id });

    const ready = (await (await fetch(`${gateway.url}/ready`)).json()) as { degraded: string[] };
    expect(ready.degraded.join('\n')).toMatch(/updates are queued by each replica alone/);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toMatch(/^gateway_local_locks_total 5$/m);

    await redis.start();
    gateway.upstream.clear();
    gateway.upstream.seed({ id, user_id: 'alice', context: {} });
    await expect
      .poll(async () => (await merge(gateway, id, { patch: { a: 1 } })).context, {
        timeout: 10_000,
      })
      .toEqual({ a: 1 });
    const after = (await (await fetch(`${gateway.url}/ready`)).json()) as { degraded: string[] };
    expect(after.degraded).toEqual([]);
  }, 20_000);

  it('keep others waiting for a lease after an unknown outcome though Redis is away by then', async () => {
    gateway.upstream.next(applyThen(reset()));
    const startedAt = performance.now();
    expect(await update(gateway, id, { context: 1 })).toMatchObject({ code: 'UPSTREAM_FAILED' });
    await redis.stop();
    expect(await update(gateway, id, { context: 2 })).toMatchObject({ context: 2 });
    expect(performance.now() - startedAt).toBeGreaterThan(leaseMs - 100);
    await redis.start();
  }, 20_000);
});
