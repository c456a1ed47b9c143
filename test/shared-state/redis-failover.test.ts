import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';

import { parseLimit } from '../../src/rate-limit/limit.ts';
import { digestUser } from '../../src/rate-limit/store.ts';
import {
  createResilientStore,
  type ResilientStore,
  type StoreFailurePolicy,
} from '../../src/shared-state/resilient-store.ts';
import { codeOf } from '../../src/shared-state/redis-failure.ts';
import { describeWithRedis, startRedis, type RedisServer } from '../support/redis.ts';
import { observe, storeOn } from './open-redis.ts';
import { startHoldingProxy, type HoldingProxy } from './redis-proxy.ts';

const { windows } = parseLimit({ group: 'update', limits: [{ window: '60s', max: 2 }] });
// Longer than the default, as a busy machine may hold up a healthy Redis for that long.
const timeoutMs = 300;

describeWithRedis('error replies of Redis', () => {
  let master: RedisServer;
  let other: RedisServer;
  let name: HoldingProxy;
  let onMaster: Redis;
  let onOther: Redis;
  let store: ResilientStore;
  const onOutage = vi.fn<(outage: { cause: unknown }) => void>();
  const onUncounted = vi.fn<(call: { cause: unknown }) => void>();

  beforeAll(async () => {
    [master, other] = await Promise.all([startRedis(), startRedis()]);
    [onMaster, onOther] = await Promise.all([observe(master.url), observe(other.url)]);
  });
  beforeEach(async () => {
    vi.clearAllMocks();
    for (const redis of [onMaster, onOther]) {
      await redis.call('REPLICAOF', 'NO', 'ONE');
      await redis.flushall();
    }
    name = await startHoldingProxy(master.url);
  });
  afterEach(() => {
    store.close();
    name.close();
  });
  afterAll(async () => {
    onMaster.disconnect();
    onOther.disconnect();
    await Promise.all([master.close(), other.close()]);
  });

  async function open(onStoreFailure: StoreFailurePolicy): Promise<void> {
    const remote = storeOn(name.url, { timeoutMs });
    store = createResilientStore({ store: remote, onStoreFailure, onOutage, onUncounted });
    await store.start();
    expect(store.healthy).toBe(true);
  }
  const call = (user: string) => store.consume({ user, group: 'update' }, windows);
  const logKey = (user: string) =>
    `execution-context-gateway:rate-limit:${digestUser(user)}:update`;

  async function failOver(): Promise<void> {
    await onMaster.call('REPLICAOF', '127.0.0.1', new URL(other.url).port);
    name.leadTo(other.url);
  }

  it.each(['closed', 'local'] as const)(
    'have a demoted master (READONLY) left for the server its name leads to now, under %s',
    async (policy) => {
      await open(policy);
      await call('ann');
      await failOver();
      await vi.waitUntil(
        async () => {
          await call('bob');
          return (await onOther.exists(logKey('bob'))) === 1;
        },
        { timeout: 10_000 },
      );
      await vi.waitUntil(() => store.healthy, { timeout: 10_000 });
    },
  );

  it('are an outage with its cause told while the master stays read-only', async () => {
    await open('closed');
    await onMaster.call('REPLICAOF', '127.0.0.1', new URL(other.url).port);
    expect(await call('ann')).toMatchObject({ admitted: false, refusedBy: null });
    await vi.waitUntil(() => onOutage.mock.calls.length === 1, { timeout: 10_000 });
    expect(codeOf(onOutage.mock.calls[0]?.[0].cause)).toBe('READONLY');
    await onMaster.call('REPLICAOF', 'NO', 'ONE');
    await vi.waitUntil(() => store.healthy, { timeout: 10_000 });
    expect(await call('ann')).toMatchObject({ admitted: true });
  });

  it.each([
    ['closed', [false, false, false]],
    ['local', [true, true, false]],
  ] as const)(
    'about one key (WRONGTYPE) concern that user alone, whose calls follow %s',
    async (policy, verdicts) => {
      await open(policy);
      await onMaster.set(logKey('odd'), 'no list');
      for (const admitted of verdicts) expect(await call('odd')).toMatchObject({ admitted });
      for (const admitted of [true, true, false]) {
        expect(await call('ann')).toMatchObject({ admitted, windows: [{ window: windows[0] }] });
      }
      // By Redis, and not by the policy.
      expect(await onMaster.llen(logKey('ann'))).toBe(2);
      expect(store.healthy).toBe(true);
      expect(onOutage).not.toHaveBeenCalled();
      expect(onUncounted).toHaveBeenCalledOnce();
      expect(codeOf(onUncounted.mock.calls[0]?.[0].cause)).toBe('WRONGTYPE');

      await onMaster.del(logKey('odd'));
      expect(await call('odd')).toMatchObject({ admitted: true });
      expect(await onMaster.llen(logKey('odd'))).toBe(1);
    },
  );

  it('about every key (OOM) are an outage, which ends when Redis takes writes again', async () => {
    await open('closed');
    await onMaster.config('SET', 'maxmemory', '1');
    expect(await call('ann')).toMatchObject({ admitted: false, refusedBy: null });
    await vi.waitUntil(() => onOutage.mock.calls.length === 1);
    expect(codeOf(onOutage.mock.calls[0]?.[0].cause)).toBe('OOM');
    await onMaster.config('SET', 'maxmemory', '0');
    await vi.waitUntil(() => store.healthy, { timeout: 10_000 });
    expect(await call('ann')).toMatchObject({ admitted: true });
  });
});
