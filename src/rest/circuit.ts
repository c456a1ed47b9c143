import { performance } from 'node:perf_hooks';
import { LRUCache } from 'lru-cache';

import { shed, troubleOf, type Evidence, type Outcome, type Send } from './outcome.ts';

export type CircuitState = 'closed' | 'half-open' | 'open';

export interface CircuitOptions {
  /** Called at each change of state. */
  readonly onStateChange?: ((state: CircuitState) => void) | undefined;
  /** Milliseconds on a clock that never jumps. @default performance.now */
  readonly now?: (() => number) | undefined;
}

export interface Circuit {
  readonly state: CircuitState;
  /**
   * Begins a call, where one may be made.
   *
   * @param path - The path of the resource, to distinguish a failing resource from a failing API.
   * @returns The period to pass to `end`; `null` where the call must not be made.
   */
  begin(path: string): number | null;
  /** Ends a call with its outcome. */
  end(path: string, period: number, outcome: Outcome): void;
}

/** A policy: while the circuit is open, calls are shed at once. */
export function withCircuit(circuit: Circuit, next: Send): Send {
  return (request, settle) => {
    const { path } = request;
    const period = circuit.begin(path);
    if (period === null) {
      settle(shed(new Error('the circuit is open')));
      return;
    }
    next(request, (outcome) => {
      circuit.end(path, period, outcome);
      settle(outcome);
    });
  };
}

/** How long an open circuit waits before it tries one call, in milliseconds. */
const openMs = 1_000;
/** How long that call may take before another one is tried, in milliseconds. */
const probeMs = 2_000;

/**
 * Creates a circuit breaker, which stops calls to an API that is down. It opens when more than half of
 * the calls of the last ten seconds failed, at a rate of at least five calls a second, so that it does
 * not open on a few failures. After a second it lets one call through, whose outcome closes it or opens
 * it again.
 *
 * A breaker that counts consecutive failures would turn one user's failing resource into an outage
 * for all. cockatiel's policy makes callers wait for the call that is let through, counts the failures
 * of calls from before the circuit opened against an API that has recovered, and samples by `Date.now`.
 */
export function createCircuit({
  onStateChange,
  now = () => performance.now(),
}: CircuitOptions = {}): Circuit {
  const streaks = createFailureStreaks();
  const samples = createSamples(now);
  let state: CircuitState = 'closed';
  /** Counts state changes: an outcome counts only in the period in which its call began. */
  let period = 0;
  let periodStartedAt = 0;
  let failedProbe: string | null = null;

  function enter(next: CircuitState): void {
    const changes = next !== state;
    state = next;
    period += 1;
    periodStartedAt = now();
    if (changes) onStateChange?.(next);
  }

  /** Whether a call may be tried. Paths that failed before wait longer, so that another one is tried first. */
  function mayProbe(path: string): boolean {
    const isPoorChoice = path === failedProbe || streaks.failsAlone(path);
    const waitMs = state === 'half-open' ? probeMs : openMs;
    return now() - periodStartedAt >= waitMs + (isPoorChoice ? openMs : 0);
  }

  /** The effect of each kind of evidence. */
  const weigh: Readonly<Record<Evidence, (path: string) => void>> = {
    down(path) {
      streaks.failed(path);
      if (state === 'half-open') {
        failedProbe = path;
        enter('open');
      } else if (!streaks.failsAlone(path) && samples.failure()) {
        enter('open');
      }
    },
    up(path) {
      streaks.answered(path);
      if (state === 'half-open') {
        failedProbe = null;
        samples.clear();
        enter('closed');
      }
      samples.success();
    },
    none() {
      // The caller has left, which says nothing about the API: another call has to be tried.
      if (state === 'half-open') enter('open');
    },
  };

  return {
    get state() {
      return state;
    },
    begin(path) {
      if (state !== 'closed') {
        if (!mayProbe(path)) return null;
        enter('half-open');
      }
      return period;
    },
    end(path, begun, outcome) {
      if (begun === period) weigh[troubleOf(outcome)?.evidence ?? 'up'](path);
    },
  };
}

const bucketMs = 1_000;
const bucketCount = 10;
/** Five calls a second. */
const minimumCalls = 5 * bucketCount;
const threshold = 0.5;

/** The calls of the last ten seconds, counted for each second. */
interface Samples {
  success(): void;
  /** @returns Whether too many have failed. */
  failure(): boolean;
  clear(): void;
}

function createSamples(now: () => number): Samples {
  const calls = new Array<number>(bucketCount).fill(0);
  const failures = new Array<number>(bucketCount).fill(0);
  let totalCalls = 0;
  let totalFailures = 0;
  /** The present second. */
  let current = Math.floor(now() / bucketMs);

  /** Clears counts older than ten seconds. @returns The index of the present second's bucket. */
  function bucket(): number {
    const second = Math.floor(now() / bucketMs);
    for (let passed = Math.min(second - current, bucketCount); passed > 0; passed -= 1) {
      const i = (second - passed + 1) % bucketCount;
      totalCalls -= calls[i] ?? 0;
      totalFailures -= failures[i] ?? 0;
      calls[i] = failures[i] = 0;
    }
    current = second;
    return second % bucketCount;
  }

  function count(counts: number[], i: number): void {
    counts[i] = (counts[i] ?? 0) + 1;
  }

  return {
    success() {
      count(calls, bucket());
      totalCalls += 1;
    },
    failure() {
      const i = bucket();
      count(calls, i);
      count(failures, i);
      totalCalls += 1;
      totalFailures += 1;
      return totalCalls >= minimumCalls && totalFailures > threshold * totalCalls;
    },
    clear() {
      calls.fill(0);
      failures.fill(0);
      totalCalls = totalFailures = 0;
    },
  };
}

/** Distinguishes a single failing resource from a failing API. */
interface FailureStreaks {
  /** Ends the streak of `path`: the API answered for it. */
  answered(path: string): void;
  /** Adds a failure to the streak of `path`. */
  failed(path: string): void;
  /** Whether `path` keeps failing while other paths are answered. */
  failsAlone(path: string): boolean;
}

interface Streak {
  failures: number;
  /** The number of answers when the streak began. */
  readonly answersBefore: number;
}

/** One read makes up to three attempts, so three failures may be a single read's. */
const longestSingle = 3;
const maxPaths = 1_000;

/**
 * Counts the consecutive failures of each path. Failures of one resource that is requested all the time
 * would otherwise outnumber all other answers and open the circuit for the whole API.
 */
function createFailureStreaks(): FailureStreaks {
  const streaks = new LRUCache<string, Streak>({ max: maxPaths });
  let answers = 0;

  return {
    answered(path) {
      answers += 1;
      if (streaks.size > 0) streaks.delete(path);
    },
    failed(path) {
      const streak = streaks.get(path);
      if (streak === undefined) streaks.set(path, { failures: 1, answersBefore: answers });
      else streak.failures += 1;
    },
    failsAlone(path) {
      const streak = streaks.get(path);
      return (
        streak !== undefined && streak.failures > longestSingle && answers > streak.answersBefore
      );
    },
  };
}
