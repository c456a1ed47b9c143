import { performance } from 'node:perf_hooks';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createDeadlines, type DeadlineEntry, type Deadlines } from '../../src/rest/deadlines.ts';

describe('deadlines', () => {
  let now: number;
  let passed: string[];
  let deadlines: Deadlines;
  beforeEach(() => {
    now = 1_000;
    passed = [];
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    deadlines = createDeadlines();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  function entry(name: string, deadline: number, onPassed?: () => void): DeadlineEntry {
    return {
      deadline,
      earlier: null,
      later: null,
      deadlinePassed() {
        passed.push(name);
        onPassed?.();
      },
    };
  }

  function add(name: string, deadline: number, onPassed?: () => void): DeadlineEntry {
    const added = entry(name, deadline, onPassed);
    deadlines.add(added);
    return added;
  }

  function advance(ms: number): void {
    for (let i = 0; i < ms; i += 1) {
      now += 1;
      vi.advanceTimersByTime(1);
    }
  }

  it('pass in their order, whatever the order they were added in', () => {
    add('b', 1_020);
    add('d', 1_040);
    add('a', 1_010);
    add('c', 1_030);
    add('b again', 1_020);
    advance(9);
    expect(passed).toEqual([]);
    advance(1);
    expect(passed).toEqual(['a']);
    advance(10);
    expect(passed).toEqual(['a', 'b', 'b again']);
    advance(20);
    expect(passed).toEqual(['a', 'b', 'b again', 'c', 'd']);
  });

  it('share one timer, which is kept when its deadline is met', () => {
    const first = add('a', 1_010);
    add('b', 1_020);
    add('c', 1_030);
    expect(vi.getTimerCount()).toBe(1);
    deadlines.remove(first);
    expect(vi.getTimerCount()).toBe(1);
    advance(30);
    expect(passed).toEqual(['b', 'c']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('do not pass early where the timer fires early', () => {
    add('a', 1_010);
    vi.advanceTimersByTime(10);
    expect(passed).toEqual([]);
    advance(10);
    expect(passed).toEqual(['a']);
  });

  it('may remove and add others as they pass', () => {
    const other = entry('b', 1_010);
    add('a', 1_010, () => {
      deadlines.remove(other);
      add('c', 1_011);
      add('late', 900);
    });
    deadlines.add(other);
    advance(10);
    expect(passed).toEqual(['a', 'late']);
    advance(1);
    expect(passed).toEqual(['a', 'late', 'c']);
  });

  it('are removed only where they are', () => {
    const one = add('a', 1_010);
    add('c', 1_010);
    deadlines.remove(entry('d', 1_010));
    deadlines.remove(one);
    deadlines.remove(one);
    advance(20);
    expect(passed).toEqual(['c']);
  });

  it('are like a sorted list, whatever is added and removed', () => {
    const step = fc.record({
      add: fc.option(fc.integer({ min: 0, max: 30 })),
      remove: fc.option(fc.nat(20)),
      wait: fc.nat(5),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        passed = [];
        deadlines = createDeadlines();
        vi.clearAllTimers();
        const model: { name: string; entry: DeadlineEntry }[] = [];
        const expected: string[] = [];
        for (const [i, { add: ms, remove, wait }] of steps.entries()) {
          if (ms !== null) {
            const name = String(i);
            model.push({ name, entry: add(name, now + ms) });
          }
          const [gone] = remove === null ? [] : model.splice(remove, 1);
          if (gone !== undefined) deadlines.remove(gone.entry);
          advance(wait);
          // A stable sort: of equals, the first that was added comes first.
          for (const due of model
            .filter((one) => wait > 0 && one.entry.deadline <= now)
            .sort((one, other) => one.entry.deadline - other.entry.deadline)) {
            expected.push(due.name);
            model.splice(model.indexOf(due), 1);
          }
        }
        expect(new Set(passed)).toEqual(new Set(expected));
        expect(passed).toHaveLength(expected.length);
      }),
      { numRuns: 50 },
    );
  });
});
