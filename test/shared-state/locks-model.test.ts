import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  createLocalLocks,
  LockBusyError,
  LocksUnavailableError,
  leaseMs,
  type HeldLock,
  type KeyedLocks,
} from '../../src/shared-state/keyed-locks.ts';
import { LeasedLocks, type LockStore } from '../../src/shared-state/leased-locks.ts';
import { ReplyTimeoutError } from '../../src/shared-state/reply-timeout.ts';

/** What becomes of one call of the store, on its way there and back. */
interface Fate {
  readonly lost: 'never' | 'there' | 'back';
  readonly thereMs: number;
  readonly backMs: number;
}

/** A caller that wants a lock, and what it does when it has it. */
interface Caller {
  readonly process: number;
  readonly key: string;
  readonly atMs: number;
  readonly waitMs: number;
  readonly worksMs: number;
  readonly abandons: boolean;
}

const fate: fc.Arbitrary<Fate> = fc.record({
  lost: fc.oneof(
    { weight: 12, arbitrary: fc.constant('never' as const) },
    { weight: 1, arbitrary: fc.constantFrom('there' as const, 'back' as const) },
  ),
  thereMs: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 3 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 4_000 }) },
  ),
  backMs: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 3 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 4_000 }) },
  ),
});

const caller: fc.Arbitrary<Caller> = fc.record({
  process: fc.integer({ min: 0, max: 2 }),
  key: fc.constantFrom('a', 'b'),
  atMs: fc.integer({ min: 0, max: 12_000 }),
  waitMs: fc.integer({ min: 0, max: 8_000 }),
  worksMs: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 7_000 })),
  abandons: fc.boolean(),
});

/** How long the store waits for a reply, in milliseconds. */
const timeoutMs = 250;

/** Redis as the scripts make it, without a network of its own: see `redis-locks.ts`. */
class Server {
  readonly #leases = new Map<string, { readonly token: string; untilMs: number }>();
  #epochMs = -Infinity;
  #hasEpoch = true;
  readonly #fates: readonly Fate[];
  #calls = 0;

  constructor(fates: readonly Fate[]) {
    this.#fates = fates;
  }

  /** All that it held is gone. */
  restart(): void {
    this.#leases.clear();
    this.#hasEpoch = false;
  }

  /** A client's end of it. */
  store(): LockStore {
    return {
      available: true,
      take: (key, token) => this.#call(() => this.#take(key, token)),
      renew: (key, token) =>
        this.#call(() => {
          const lease = this.#leaseOf(key);
          if (lease?.token !== token) return false;
          lease.untilMs = performance.now() + leaseMs;
          return true;
        }),
      release: (key, token, onFailure) => {
        this.#call(() => {
          if (this.#leaseOf(key)?.token === token) this.#leases.delete(key);
        }).catch(onFailure);
      },
    };
  }

  #take(key: string, token: string): number {
    const now = performance.now();
    if (!this.#hasEpoch) this.#epochMs = now;
    this.#hasEpoch = true;
    const waitMs = this.#epochMs + leaseMs - now;
    if (waitMs > 0) return waitMs;
    if (this.#leaseOf(key) !== undefined) return -1;
    this.#leases.set(key, { token, untilMs: now + leaseMs });
    return 0;
  }

  #leaseOf(key: string) {
    const lease = this.#leases.get(key);
    return lease !== undefined && performance.now() < lease.untilMs ? lease : undefined;
  }

  #call<T>(run: () => T): Promise<T> {
    const { lost, thereMs, backMs } = this.#fates[(this.#calls += 1) % this.#fates.length] ?? {
      lost: 'never',
      thereMs: 0,
      backMs: 0,
    };
    return new Promise((resolve, reject) => {
      setTimeout(() => {
        reject(new ReplyTimeoutError('no reply'));
      }, timeoutMs);
      setTimeout(() => {
        if (lost === 'there') {
          reject(new Error('lost on its way'));
          return;
        }
        const result = run();
        setTimeout(() => {
          if (lost === 'back') reject(new Error('lost on its way back'));
          else resolve(result);
        }, backMs);
      }, thereMs);
    });
  }
}

/** Who works under which lock, and whether ever two did so under one. */
class Workshop {
  readonly #workers = new Map<string, number>();
  readonly #abandonedMs = new Map<string, number>();
  worked = 0;
  overlaps = 0;
  /** The shortest time between a lock being abandoned and the next work under it. */
  shortestRestMs = Infinity;

  async run(locks: KeyedLocks, { key, atMs, waitMs, worksMs, abandons }: Caller): Promise<void> {
    await pause(atMs);
    let lock: HeldLock;
    try {
      lock = await locks.acquire(key, performance.now() + waitMs, false);
    } catch (error) {
      if (error instanceof LockBusyError || error instanceof LocksUnavailableError) return;
      throw error;
    }
    if (lock.lease?.lapsed !== true) await this.#work(key, lock, worksMs);
    if (abandons) {
      this.#abandonedMs.set(key, performance.now());
      lock.abandon();
    } else lock.release();
  }

  #work(key: string, { lease }: HeldLock, ms: number): Promise<void> {
    const working = (this.#workers.get(key) ?? 0) + 1;
    this.#workers.set(key, working);
    this.worked += 1;
    if (working > 1) this.overlaps += 1;
    const restMs = performance.now() - (this.#abandonedMs.get(key) ?? -Infinity);
    this.shortestRestMs = Math.min(this.shortestRestMs, restMs);
    return new Promise((resolve) => {
      const done = () => {
        if (lease !== null) lease.onLapse = null;
        clearTimeout(timer);
        this.#workers.set(key, (this.#workers.get(key) ?? 0) - 1);
        resolve();
      };
      const timer = setTimeout(done, ms);
      if (lease !== null) lease.onLapse = done;
    });
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

beforeEach(() => {
  vi.useFakeTimers({
    toFake: [
      ...(['performance', 'setTimeout', 'clearTimeout'] as const),
      ...(['setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'] as const),
    ],
  });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Runs all to their end, however long they take. */
async function finish(runs: readonly Promise<void>[]): Promise<void> {
  const state = { isOver: false };
  const over = Promise.all(runs).finally(() => (state.isOver = true));
  while (!state.isOver) await vi.advanceTimersByTimeAsync(5_000);
  await over;
}

const callers = fc.array(caller, { minLength: 2, maxLength: 24, size: 'max' });

describe('of one key', () => {
  it('there are never two holders in process, and everybody who waits long enough is one', async () => {
    await fc.assert(
      fc.asyncProperty(callers, async (list) => {
        const locks = createLocalLocks();
        const shop = new Workshop();
        await finish(list.map((each) => shop.run(locks, { ...each, waitMs: 1_000_000 })));
        expect(shop).toMatchObject({ overlaps: 0, worked: list.length });
        await finish(list.map((each) => shop.run(locks, each)));
        expect(shop.overlaps).toBe(0);
        expect(shop.shortestRestMs).toBeGreaterThanOrEqual(leaseMs);
      }),
      { numRuns: 60 },
    );
  });

  it('there are never two holders of a lease, whatever is lost, late or forgotten', async () => {
    const fates = fc.array(fate, { minLength: 1, maxLength: 40, size: 'max' });
    const restarts = fc.array(fc.integer({ min: 0, max: 15_000 }), { maxLength: 3 });
    let worked = 0;
    await fc.assert(
      fc.asyncProperty(callers, fates, restarts, async (list, fatesOfCalls, restartsMs) => {
        const server = new Server(fatesOfCalls);
        const processes = ['a', 'b', 'c'].map(
          (processId) => new LeasedLocks({ store: server.store(), processId }),
        );
        for (const ms of restartsMs) {
          setTimeout(() => {
            server.restart();
          }, ms);
        }
        const shop = new Workshop();
        await finish(
          list.map((each) => shop.run(processes[each.process] ?? createLocalLocks(), each)),
        );
        expect(shop.overlaps).toBe(0);
        worked += shop.worked;
      }),
      { numRuns: 150 },
    );
    // It would prove nothing, were hardly any granted.
    expect(worked).toBeGreaterThan(300);
  });

  it('a lease that nothing goes wrong with is held through any work, and granted to all', async () => {
    await fc.assert(
      fc.asyncProperty(callers, async (list) => {
        const server = new Server([]);
        const processes = ['a', 'b', 'c'].map(
          (processId) => new LeasedLocks({ store: server.store(), processId }),
        );
        const shop = new Workshop();
        await finish(
          list.map((each) =>
            shop.run(processes[each.process] ?? createLocalLocks(), {
              ...each,
              waitMs: 1_000_000,
            }),
          ),
        );
        expect(shop).toMatchObject({ overlaps: 0, worked: list.length });
        // It was renewed at most a second and a tick before.
        expect(shop.shortestRestMs).toBeGreaterThanOrEqual(leaseMs - 1_200);
      }),
      { numRuns: 40 },
    );
  });
});
