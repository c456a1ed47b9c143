import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  createLocalLocks,
  LockBusyError,
  LocksUnavailableError,
  leaseMs,
  type HeldLock,
  type KeyedLocks,
} from '../../src/shared-state/keyed-locks.ts';
import { LeasedLocks } from '../../src/shared-state/leased-locks.ts';
import type { RedisConnection } from '../../src/shared-state/redis-connection.ts';
import { createRedisLockStore } from '../../src/shared-state/redis-locks.ts';
import { describeWithRedis, lacksRedis, startRedis, type RedisServer } from '../support/redis.ts';
import { connectionTo } from './open-redis.ts';

const soon = (ms = 5_000) => performance.now() + ms;
let keys = 0;
const freshKey = () => `key-${(keys += 1)}`;

interface Backend {
  readonly locks: KeyedLocks;
  close(): Promise<void>;
}

/** Locks of a process of its own, as far as the server can tell. */
async function connect(url: string): Promise<LeasedLocks & { connection: RedisConnection }> {
  const connection = connectionTo(url);
  await connection.connect();
  const store = createRedisLockStore({
    connection,
    availability: { down: false },
    // The machine may be busy; what is tested with it is not the time-out.
    timeoutMs: 2_000,
  });
  const locks = new LeasedLocks({ store, processId: connection.processId });
  await store.prepare();
  return Object.assign(locks, { connection });
}

/** Resolves once the server grants locks: one that has just started does not at once. */
async function granted(locks: KeyedLocks): Promise<void> {
  (await locks.acquire(freshKey(), soon(), false)).release();
}

const inProcess = {
  name: 'in process',
  open: async (): Promise<Backend> => ({
    locks: createLocalLocks(),
    close: async () => undefined,
  }),
};
const inRedis = {
  name: 'in Redis',
  async open(): Promise<Backend> {
    const server = await startRedis();
    const locks = await connect(server.url);
    await granted(locks);
    return {
      locks,
      async close() {
        locks.connection.close();
        await server.close();
      },
    };
  },
};
const backends = lacksRedis() ? [inProcess] : [inProcess, inRedis];

describe.each(backends)('locks $name', ({ open }) => {
  let backend: Backend;
  let locks: KeyedLocks;
  beforeAll(async () => {
    backend = await open();
    ({ locks } = backend);
  });
  afterAll(() => backend.close());

  const take = async (key: string, ms?: number) => locks.acquire(key, soon(ms), false);

  it('are granted at once where they are free, and of one key to one at a time', async () => {
    const key = freshKey();
    const other = freshKey();
    const first = await take(key);
    const events: string[] = [];
    const second = take(key).then((lock) => {
      events.push('second');
      return lock;
    });
    (await take(other)).release();
    await sleep(30);
    expect(events).toEqual([]);
    first.release();
    (await second).release();
    (await take(key)).release();
  });

  it('go to those who wait in the order in which they came', async () => {
    const key = freshKey();
    const first = await take(key);
    const order: number[] = [];
    const waiting = Array.from({ length: 20 }, async (_, i) => {
      const lock = await take(key);
      order.push(i);
      await sleep(1);
      lock.release();
    });
    first.release();
    await Promise.all(waiting);
    expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  it('are waited for until the time given, and no longer', async () => {
    const key = freshKey();
    const first = await take(key);
    const startedAt = performance.now();
    await expect(take(key, 60)).rejects.toThrow(LockBusyError);
    expect(performance.now() - startedAt).toBeGreaterThan(55);
    await expect(take(key, 0)).rejects.toMatchObject({ reason: 'timeout' });
    first.release();
    (await take(key)).release();
  });

  it('pass over whoever has stopped waiting', async () => {
    const key = freshKey();
    const first = await take(key);
    const impatient = take(key, 20).catch((error: unknown) => error);
    const patient = take(key);
    expect(await impatient).toBeInstanceOf(LockBusyError);
    first.release();
    (await patient).release();
  });

  it.concurrent('are left to expire where they were abandoned', async () => {
    const key = freshKey();
    (await take(key)).abandon();
    const abandonedMs = performance.now();
    await expect(take(key, 500)).rejects.toThrow(LockBusyError);
    (await take(key)).release();
    // In Redis a lock has what is left of its lease, which was renewed a second ago or less.
    expect(performance.now() - abandonedMs).toBeGreaterThan(leaseMs - 1_000);
    (await take(key, 500)).release();
  });

  it('are waited for by 200 at the most', async () => {
    const key = freshKey();
    const first = await take(key);
    const waiting = Array.from({ length: 200 }, () => take(key));
    await expect(take(key)).rejects.toMatchObject({ reason: 'full' });
    first.release();
    for (const lock of waiting) (await lock).release();
  });

  it('keep ids apart whatever their hash', async () => {
    const held = await Promise.all(Array.from({ length: 3_000 }, () => take(freshKey())));
    for (const lock of held.reverse()) lock.release();
  });
});

describe('locks in process', () => {
  it('are granted without a promise where they are free', () => {
    const locks = createLocalLocks();
    const lock = locks.acquire('a', soon(), false);
    expect(lock).not.toBeInstanceOf(Promise);
    (lock as HeldLock).release();
    expect(() => {
      (lock as HeldLock).release();
    }).toThrow('released twice');
  });
});

describeWithRedis('two processes on one Redis', () => {
  let server: RedisServer;
  let one: Awaited<ReturnType<typeof connect>>;
  let two: typeof one;
  let admin: Redis;
  beforeAll(async () => {
    server = await startRedis();
    one = await connect(server.url);
    two = await connect(server.url);
    admin = new Redis(server.url);
    await granted(one);
  });
  afterAll(async () => {
    for (const { connection } of [one, two]) connection.close();
    admin.disconnect();
    await server.close();
  });

  it('do not hold one lock at once, and each has its turn', async () => {
    const key = freshKey();
    let holders = 0;
    const turns: string[] = [];
    const untilMs = soon(1_500);
    async function work(locks: KeyedLocks, name: string): Promise<void> {
      while (performance.now() < untilMs) {
        const lock = await locks.acquire(key, soon(), false);
        expect((holders += 1)).toBe(1);
        if (turns.at(-1) !== name) turns.push(name);
        await sleep(2);
        holders -= 1;
        lock.release();
      }
    }
    await Promise.all([
      ...Array.from({ length: 5 }, () => work(one, 'one')),
      ...Array.from({ length: 5 }, () => work(two, 'two')),
    ]);
    expect(turns.length).toBeGreaterThan(4);
  });

  it.concurrent('keep a lock for as long as its holder works, and no longer', async () => {
    const key = freshKey();
    const lock = await one.acquire(key, soon(), false);
    await expect(two.acquire(key, soon(4_500), false)).rejects.toThrow(LockBusyError);
    expect(lock.lease?.lapsed).toBe(false);
    lock.release();
    (await two.acquire(key, soon(500), false)).release();
  });

  it.concurrent('leave one that was abandoned to expire', async () => {
    const key = freshKey();
    (await one.acquire(key, soon(), false)).abandon();
    const abandonedMs = performance.now();
    const [other, own] = await Promise.allSettled([
      two.acquire(key, soon(2_000), false),
      one.acquire(key, soon(2_000), false),
    ]);
    expect([other.status, own.status]).toEqual(['rejected', 'rejected']);
    (await two.acquire(key, soon(2_000), false)).release();
    expect(performance.now() - abandonedMs).toBeGreaterThan(2_900);
  });

  it.concurrent(
    'tell a holder whose lease cannot be renewed, before anybody else is granted it',
    async () => {
      const key = freshKey();
      const lock = await one.acquire(key, soon(), false);
      const events: string[] = [];
      if (lock.lease !== null) lock.lease.onLapse = () => events.push('lapsed');
      // Renewed by nobody, as where the holder's connection is lost.
      await admin.set(one.connection.key(`lock:${key}`), 'somebody else', 'PX', 3_000);
      const next = await two.acquire(key, soon(), false);
      events.push('granted');
      expect(events).toEqual(['lapsed', 'granted']);
      expect(lock.lease?.lapsed).toBe(true);
      // A lock that is somebody else's by now stays so.
      lock.release();
      await expect(one.acquire(key, soon(100), false)).rejects.toThrow(LockBusyError);
      next.release();
    },
  );

  it.each([
    ['flushed', () => admin.flushall()],
    [
      'restarted',
      async () => {
        await server.stop();
        await server.start();
      },
    ],
  ])('are granted nothing for one lease after Redis was %s', async (_, forget) => {
    const key = freshKey();
    const lock = await one.acquire(key, soon(), false);
    await forget();
    const forgottenMs = performance.now();
    await expect.poll(() => two.connection.usable && one.connection.usable).toBe(true);
    const next = await two.acquire(key, soon(), false);
    expect(performance.now() - forgottenMs).toBeGreaterThan(2_900);
    expect(lock.lease?.lapsed).toBe(true);
    next.release();
  });

  it('are granted nothing either where Redis has an old copy of its data', async () => {
    const key = freshKey();
    await admin.set(one.connection.key('lock-epoch'), 'another-run/1');
    const startedAt = performance.now();
    (await two.acquire(key, soon(), false)).release();
    expect(performance.now() - startedAt).toBeGreaterThan(2_900);
  });

  it('go by themselves where Redis is away, if that will do', async () => {
    await server.stop();
    await expect.poll(() => one.connection.usable).toBe(false);
    const key = freshKey();
    await expect(one.acquire(key, soon(), false)).rejects.toThrow(LocksUnavailableError);
    const lock = await one.acquire(key, soon(), true);
    expect(one.isAlone).toBe(true);
    await expect(one.acquire(key, soon(50), true)).rejects.toThrow(LockBusyError);
    lock.release();
    (await one.acquire(key, soon(), true)).release();
    await server.start();
  });
});
