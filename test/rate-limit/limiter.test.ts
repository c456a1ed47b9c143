import { describe, expect, it, vi } from 'vitest';

import { RateLimitError } from '../../src/errors.ts';
import { toRateLimitError } from '../../src/rate-limit/decision.ts';
import { parseLimit, type Limit } from '../../src/rate-limit/limit.ts';
import { createRateLimiter } from '../../src/rate-limit/limiter.ts';
import { createMemoryStore, type MemoryStore } from '../../src/rate-limit/memory-store.ts';
import type { RateLimitDecision, RateLimitStore } from '../../src/rate-limit/store.ts';
import { createClock } from '../support/clock.ts';

const limit = parseLimit({
  group: 'update',
  limits: [
    { window: '1s', max: 10 },
    { window: '60s', max: 50 },
  ],
});

const { windows } = limit;

/** Decisions, whether they are made at once or in another process. */
function settled(
  decisions: readonly (RateLimitDecision | Promise<RateLimitDecision>)[],
): Promise<RateLimitDecision[]> {
  return Promise.all(decisions.map(async (decision) => decision));
}

/** The same store, as one of an embedder's that says nothing of deciding at once. */
function elsewhere(memory: MemoryStore): RateLimitStore {
  return { consume: async (...call) => memory.consume(...call) };
}

describe('createRateLimiter', () => {
  it('admits exactly ten of a hundred at once, whatever the clock of the limiter shows', async () => {
    for (const start of [0, Date.now() + 1e9]) {
      const limiter = createRateLimiter({
        store: createMemoryStore({ now: createClock(start).now }),
      });
      const calls = Array.from({ length: 100 }, () => limiter.decide('ann', limit, 1));
      const admitted = (await settled(calls)).filter((decision) => decision.admitted);
      expect(admitted).toHaveLength(10);
    }
  });

  it('gives each of many calls at once the verdict on itself', async () => {
    const memory = createMemoryStore({ now: createClock().now });
    const waiting: (() => void)[] = [];
    const slow: RateLimitStore = {
      async consume(key, limits) {
        const decision = memory.consume(key, limits);
        await new Promise<void>((resolve) => waiting.push(resolve));
        return decision;
      },
    };
    const limiter = createRateLimiter({ store: slow });
    const calls = ['ann', 'bob'].flatMap((user) =>
      Array.from({ length: 12 }, () => limiter.decide(user, limit, 1)),
    );
    // The first calls wait for the limiter's package to be loaded.
    await vi.waitFor(() => {
      expect(waiting).toHaveLength(calls.length);
    });
    waiting.reverse().forEach((release) => {
      release();
    });
    const remaining = (await settled(calls)).map(({ windows: [burst] }) => burst?.remaining);
    const each = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0];
    expect(remaining).toEqual([...each, ...each]);
  });

  it('keeps the limits of calls apart that are under way at the same time', async () => {
    const memory = createMemoryStore({ now: createClock().now });
    const limiter = createRateLimiter({ store: elsewhere(memory) });
    const single = parseLimit({ group: 'single', limits: [{ window: '60s', max: 1 }] });
    const calls = [1, 2, 3].flatMap(() => [
      limiter.decide('ann', limit, 1),
      limiter.decide('ann', single, 1),
    ]);
    expect((await settled(calls)).map(({ admitted }) => admitted)).toEqual([
      true,
      true,
      true,
      false,
      true,
      false,
    ]);
  });

  it('hands the store the user and the group as they are', async () => {
    const memory = createMemoryStore();
    const odd: Limit = { ...limit, group: 'x.y:z' };
    const consume = vi.fn<RateLimitStore['consume']>((...call) => memory.consume(...call));
    await createRateLimiter({ store: { consume } }).decide('a:b{c}', odd, 1);
    expect(consume).toHaveBeenCalledExactlyOnceWith({ user: 'a:b{c}', group: 'x.y:z' }, windows);
  });

  it.each([createMemoryStore(), elsewhere(createMemoryStore())])(
    'tells every decision',
    async (store) => {
      const onDecision = vi.fn();
      const limiter = createRateLimiter({ store, onDecision });
      const decision = await limiter.decide('ann', limit, 1);
      expect(onDecision).toHaveBeenCalledExactlyOnceWith(limit, decision);
    },
  );

  it('peeks without charging and without telling', async () => {
    const onDecision = vi.fn();
    const limiter = createRateLimiter({
      store: createMemoryStore({ now: createClock().now }),
      onDecision,
    });
    const looks = [1, 2, 3].map(() => limiter.decide('ann', limit, 0));
    for (const { windows: states } of await settled(looks)) {
      expect(states.map(({ remaining }) => remaining)).toEqual([10, 50]);
    }
    expect(onDecision).not.toHaveBeenCalled();
  });

  it('rejects with what the store throws', async () => {
    const failure = new Error('no store');
    const consume = () => Promise.reject(failure);
    const limiter = createRateLimiter({ store: { consume } });
    await expect(limiter.decide('ann', limit, 1)).rejects.toBe(failure);
  });
});

describe('toRateLimitError', () => {
  it('carries the window that refused and the wait', () => {
    const store = createMemoryStore({ now: createClock().now });
    const call = () => store.consume({ user: 'ann', group: 'update' }, windows);
    for (let index = 0; index < 10; index += 1) call();
    const error = toRateLimitError(call());
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({
      source: 'GATEWAY',
      limit: 10,
      windowMs: 1000,
      retryAfterMs: 1000,
      message: 'At most 10 such calls in 1000 ms are admitted. Try again in 1000 ms.',
    });
  });

  it('names no window when nobody could count', () => {
    const refused = { admitted: false, retryAfterMs: 1000, refusedBy: null, windows: [] };
    expect(toRateLimitError(refused)).toMatchObject({
      source: 'GATEWAY',
      limit: null,
      windowMs: null,
      retryAfterMs: 1000,
    });
  });
});
