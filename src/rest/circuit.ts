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
   * Asks whether a call may be made, and counts it as begun.
   *
   * @param path - What is asked for, to tell one failing resource from a failing API.
   * @returns The period that its outcome is evidence in; `null` where it is not to be made.
   */
  begin(path: string): number | null;
  end(path: string, period: number, outcome: Outcome): void;
}

/** Answers `shed` at once while the circuit is open. */
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
 * Stops asking an API that is down. It opens when over half of the calls of the last ten seconds
 * failed, at least five calls a second, so that a quiet gateway never opens on a coincidence. After
 * a second it tries one call, whose outcome closes it or opens it again.
 *
 * A breaker that counts consecutive failures would turn one user's failing resource into an outage
 * for all. cockatiel's policy makes callers wait for the call that is tried, lets calls from before
 * the circuit opened testify against an API that has come back, and samples by `Date.now`.
 */
export function createCircuit({
  onStateChange,
  now = () => performance.now(),
}: CircuitOptions = {}): Circuit {
  const streaks = createFailureStreaks();
  const samples = createSamples(now);
  let state: CircuitState = 'closed';
  /** Counts changes: an outcome is evidence only in the period in which its call began. */
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

  /** Whether it is time to try a call; what failed before is no good choice, if there is another. */
  function mayProbe(path: string): boolean {
    const isPoorChoice = path === failedProbe || streaks.failsAlone(path);
    const waitMs = state === 'half-open' ? probeMs : openMs;
    return now() - periodStartedAt >= waitMs + (isPoorChoice ? openMs : 0);
  }

  /** What each kind of evidence does. */
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
      // The caller went away, which says nothing about the API: another call has to be tried.
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

/** The calls of the last ten seconds, counted by the second. */
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
  /** The second that is counted now. */
  let current = Math.floor(now() / bucketMs);

  /** Forgets what is older than ten seconds. @returns The index of this second's bucket. */
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

/** Tells a resource that fails by itself from an API that fails. */
interface FailureStreaks {
  /** Ends the streak of `path`: the API answered for it. */
  answered(path: string): void;
  /** Adds a failure to the streak of `path`. */
  failed(path: string): void;
  /** Whether `path` fails again and again while others are answered. */
  failsAlone(path: string): boolean;
}

interface Streak {
  failures: number;
  /** What the count of answers was when the streak began. */
  readonly answersBefore: number;
}

/** One read tries three times, so up to three failures are a single one. */
const longestSingle = 3;
const maxPaths = 1_000;

/**
 * Counts the consecutive failures of each path. Those of one resource, asked for again and again,
 * would otherwise outnumber everybody else's answers and speak against the whole API.
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
