import { performance } from 'node:perf_hooks';

import type { Cancellation, CancellationListener } from '../cancellation.ts';
import { troubleOf, type Answer, type Outcome, type Send, type Settle } from './outcome.ts';
import { cancellationOf, type RestOperation, type RestRequest } from './request.ts';
import { retryAfterMs } from './retry-after.ts';

export interface RetryOptions {
  /** Called before each attempt except the first. */
  readonly onRetry?: ((operation: string) => void) | undefined;
  /** Milliseconds since the epoch, to which dates of the API are compared. @default Date.now */
  readonly now?: (() => number) | undefined;
}

const maxAttempts = 3;
const baseDelayMs = 50;

/**
 * A policy: repeats failed requests where that is safe. A read is repeated where the failure may be
 * brief; a write only if nothing of it was sent, because a repeated write could overwrite a newer one.
 * A request that the API's rate limit refused is never repeated. All attempts share one deadline.
 */
export function withRetry(next: Send, { onRetry, now = Date.now }: RetryOptions = {}): Send {
  function attempt(
    request: RestRequest,
    settle: Settle,
    attempts: number,
    before: Outcome | null,
  ): void {
    next(request, (outcome) => {
      if (before !== null && isShed(outcome)) {
        // The circuit refused the retry: the outcome before it says more.
        settle(before);
        return;
      }
      const delayMs = retryDelayMs(request.operation, outcome, attempts, now);
      if (delayMs === null || performance.now() + delayMs >= request.deadline) {
        settle(outcome);
        return;
      }
      onRetry?.(request.operation.name);
      new Pause(request, () => {
        attempt({ ...request, resends: attempts }, settle, attempts + 1, outcome);
      }).start(delayMs);
    });
  }

  return (request, settle) => {
    attempt(request, settle, 1, null);
  };
}

/** The time between two attempts. It ends early when the client leaves: the next attempt is then canceled. */
class Pause implements CancellationListener {
  readonly #cancellation: Cancellation | null;
  readonly #resume: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(request: RestRequest, resume: () => void) {
    this.#cancellation = cancellationOf(request);
    this.#resume = resume;
  }

  start(ms: number): void {
    if (this.#cancellation?.isCanceled) {
      this.#resume();
      return;
    }
    this.#cancellation?.watch(this);
    this.#timer = setTimeout(() => {
      this.#cancellation?.unwatch(this);
      this.#resume();
    }, ms);
  }

  canceled(): void {
    clearTimeout(this.#timer);
    this.#cancellation?.unwatch(this);
    this.#resume();
  }
}

/**
 * How long to wait before another attempt: what the API's `Retry-After` says, plus up to 50 ms, then up
 * to 100 ms, with full jitter, so that many callers do not retry at once.
 *
 * @returns Milliseconds, or `null` where there must not be another attempt.
 */
function retryDelayMs(
  operation: RestOperation,
  outcome: Outcome,
  attempts: number,
  now: () => number,
): number | null {
  if (outcome.kind === 'answer' && outcome.status < 300) return null;
  if (attempts >= maxAttempts || !mayRepeat(operation, outcome)) return null;
  const askedMs = outcome.kind === 'answer' ? askedDelayMs(outcome, now) : 0;
  return askedMs + Math.random() * baseDelayMs * 2 ** (attempts - 1);
}

function askedDelayMs(answer: Answer, now: () => number): number {
  return retryAfterMs(answer.header('retry-after'), now()) ?? 0;
}

function mayRepeat({ writes }: RestOperation, outcome: Outcome): boolean {
  const mayBeApplied = outcome.kind === 'answer' || outcome.sent;
  return troubleOf(outcome)?.brief === true && !(writes && mayBeApplied);
}

function isShed(outcome: Outcome): boolean {
  return outcome.kind === 'failure' && outcome.reason === 'shed';
}
