import { performance } from 'node:perf_hooks';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { shed, type Outcome } from '../../src/rest/outcome.ts';
import { withRetry } from '../../src/rest/retry.ts';
import { requestOf } from './calls.ts';

const unsent: Outcome = {
  kind: 'failure',
  reason: 'connection',
  sent: false,
  cause: new Error('refused'),
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** What a call comes to whose attempts end in `outcomes`, and how many were made. */
function settle(outcomes: readonly Outcome[], deadline = performance.now() + 10_000) {
  const left = [...outcomes];
  let settled: Outcome | undefined;
  const send = withRetry((_, next) => {
    next(left.shift() ?? unsent);
  });
  send(requestOf({ deadline }), (outcome) => {
    settled = outcome;
  });
  vi.runAllTimers();
  return { settled, made: outcomes.length - left.length };
}

it('tells what came before a retry that the circuit refused', () => {
  const refused = shed(new Error('open'));
  expect(settle([unsent, refused])).toEqual({ settled: unsent, made: 2 });
});

it('does not repeat what the circuit refused', () => {
  const refused = shed(new Error('open'));
  expect(settle([refused, unsent])).toEqual({ settled: refused, made: 1 });
});

it('makes no attempt that would begin after the deadline', () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.999);
  const deadline = performance.now() + 40;
  expect(settle([unsent, unsent], deadline)).toEqual({ settled: unsent, made: 1 });
});

it('waits longer before the second retry', () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  const wait = vi.spyOn(globalThis, 'setTimeout');
  settle([unsent, unsent, unsent]);
  expect(wait.mock.calls.map(([, ms]) => ms)).toEqual([25, 50]);
});
