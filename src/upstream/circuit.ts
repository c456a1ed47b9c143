import { performance } from 'node:perf_hooks';
import { CircuitState, SamplingBreaker } from 'cockatiel';

import type { Failure, Outcome } from './exchange.ts';
import { createFailureStreaks } from './failure-streaks.ts';

export type CircuitStateName = 'closed' | 'half-open' | 'open';

export interface CircuitOptions {
  /** Called at each change of state. */
  readonly onStateChange?: ((state: CircuitStateName) => void) | undefined;
  /** Milliseconds on a clock that never jumps. @default performance.now */
  readonly now?: (() => number) | undefined;
}

export interface Circuit {
  readonly state: CircuitStateName;
  /**
   * Runs `send`, or answers `shed` at once while the circuit is open.
   *
   * @param path - What is asked for, to tell one failing context from a failing API.
   */
  execute(path: string, send: () => Promise<Outcome>): Promise<Outcome>;
}

/** How long an open circuit waits before it tries one call, in milliseconds. */
const openMs = 1_000;
/** How long that call may take before another one is tried, in milliseconds. */
const probeMs = 2_000;

const brokenStatuses = new Set([502, 503, 504]);

/**
 * Stops asking an API that is down. It opens when over half of the calls of the last ten seconds
 * failed, at least five calls a second, so that a quiet gateway never opens on a coincidence. After
 * a second it tries one call, whose outcome closes it or opens it again.
 *
 * The sampling is cockatiel's. Its policy around it makes callers wait for the call that is tried,
 * and lets calls from before the circuit opened testify against an API that has come back.
 */
export function createCircuit({
  onStateChange,
  now = () => performance.now(),
}: CircuitOptions = {}): Circuit {
  const streaks = createFailureStreaks();
  let samples = createSamples();
  let state: CircuitStateName = 'closed';
  /** Counts changes: an outcome is evidence only in the period in which its call began. */
  let period = 0;
  let periodStartedAt = 0;
  let failedProbe: string | null = null;

  function enter(next: CircuitStateName): void {
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

  function weigh(path: string, outcome: Outcome): void {
    if (isCanceled(outcome)) {
      // The caller went away, which says nothing about the API: another call has to be tried.
      if (state === 'half-open') enter('open');
    } else if (isOutage(outcome)) {
      failed(path);
    } else {
      answered(path);
    }
  }

  function failed(path: string): void {
    streaks.failed(path);
    if (state === 'half-open') {
      failedProbe = path;
      enter('open');
    } else if (!streaks.failsAlone(path) && samples.failure(CircuitState.Closed)) {
      enter('open');
    }
  }

  function answered(path: string): void {
    streaks.answered(path);
    if (state === 'half-open') {
      failedProbe = null;
      samples = createSamples();
      enter('closed');
    }
    samples.success(CircuitState.Closed);
  }

  return {
    get state() {
      return state;
    },
    async execute(path, send) {
      if (state !== 'closed') {
        if (!mayProbe(path)) return shed(new Error('the circuit is open'));
        enter('half-open');
      }
      const begun = period;
      const outcome = await send();
      if (begun === period) weigh(path, outcome);
      return outcome;
    },
  };
}

/** The outcome of a call that was not even tried. */
export function shed(cause: Error): Failure {
  return { kind: 'failure', reason: 'shed', sent: false, cause };
}

function createSamples(): SamplingBreaker {
  return new SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 5 });
}

function isCanceled(outcome: Outcome): boolean {
  return outcome.kind === 'failure' && outcome.reason === 'canceled';
}

/** What speaks of the API as a whole, rather than of one request. */
function isOutage(outcome: Outcome): boolean {
  if (outcome.kind === 'answer') return brokenStatuses.has(outcome.status);
  return outcome.reason === 'connection' || outcome.reason === 'timeout';
}
