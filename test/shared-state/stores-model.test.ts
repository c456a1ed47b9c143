import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RateLimitWindow } from '../../src/rate-limit/limit.ts';
import { createMemoryStore } from '../../src/rate-limit/memory-store.ts';
import { createClock } from '../support/clock.ts';
import type { OpenStore } from './backends.ts';
import { backends } from './backends.ts';
import { NaiveModel } from '../rate-limit/naive-model.ts';

// Redis' keys expire by real time: no window may be shorter than a run takes.
const window = fc.record({
  windowMs: fc.integer({ min: 2_000, max: 9_000 }),
  max: fc.integer({ min: 1, max: 12 }),
});
const windows: fc.Arbitrary<RateLimitWindow[]> = fc
  .uniqueArray(window, { minLength: 1, maxLength: 3, selector: ({ windowMs }) => windowMs })
  .map((list) => list.map((item) => ({ ...item, name: `${item.windowMs}ms` })));

const forward = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 400 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1_000, max: 10_000 }) },
);
const anyStep = fc.oneof(forward, fc.integer({ min: -20_000, max: -1 }));

const callsWith = (step: fc.Arbitrary<number>) =>
  fc.array(fc.record({ user: fc.constantFrom('ann', 'bob', 'cy'), step }), {
    minLength: 1,
    maxLength: 80,
    size: 'max',
  });

describe.each(backends)('$name', (backend) => {
  const clock = createClock();
  let open: OpenStore;
  let runs = 0;

  beforeAll(async () => {
    open = await backend.open(clock.now);
  });
  afterAll(() => open.close());

  it('decides any calls, users, windows and clock steps as the naive model does', async () => {
    await fc.assert(
      fc.asyncProperty(windows, callsWith(forward), async (limits, calls) => {
        const model = new NaiveModel();
        const group = `run-${runs++}`;
        for (const { user, step } of calls) {
          clock.advance(step);
          const decision = await open.store.consume({ user, group }, limits);
          expect(decision).toEqual(model.consume(user, limits, clock.now()));
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('memory store', () => {
  it('takes a clock that steps back for one that stood still', () => {
    fc.assert(
      fc.property(windows, callsWith(anyStep), (limits, calls) => {
        const clock = createClock();
        const store = createMemoryStore({ now: clock.now });
        const model = new NaiveModel();
        let time = clock.now();
        for (const { user, step } of calls) {
          clock.advance(step);
          time += Math.max(0, step);
          const decision = store.consume({ user, group: 'update' }, limits);
          expect(decision).toEqual(model.consume(user, limits, time));
        }
      }),
    );
  });
});
