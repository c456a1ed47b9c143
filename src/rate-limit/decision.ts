import { RateLimitError } from '../errors.ts';
import type { RateLimitWindow } from './limit.ts';
import type { CallCost, RateLimitDecision } from './store.ts';

/** What a store found in one window before the call. */
export interface WindowUsage {
  readonly window: RateLimitWindow;
  /** Calls that count now. */
  readonly count: number;
  /**
   * Microseconds until the window admits one call more than now: until the `max`-th newest call leaves
   * it where it is full, else until the oldest call leaves it; its whole length where it is empty.
   */
  readonly freesInUs: number;
}

/** The rule by which all stores decide. Keeps no reference to `usages`. */
export function decide(usages: readonly WindowUsage[], cost: CallCost): RateLimitDecision {
  let refusedBy: RateLimitWindow | null = null;
  let longestUs = 0;
  for (const { window, count, freesInUs } of usages) {
    if (count + cost > window.max && freesInUs > longestUs) {
      refusedBy = window;
      longestUs = freesInUs;
    }
  }
  const charge = refusedBy === null ? cost : 0;
  return {
    admitted: refusedBy === null,
    retryAfterMs: Math.ceil(longestUs / 1000),
    refusedBy,
    windows: usages.map(({ window, count, freesInUs }) => ({
      window,
      remaining: Math.max(0, window.max - count - charge),
      resetMs: Math.ceil(freesInUs / 1000),
    })),
  };
}

/** The error that a caller gets for a refused decision. */
export function toRateLimitError({ refusedBy, retryAfterMs }: RateLimitDecision): RateLimitError {
  if (refusedBy === null) {
    return new RateLimitError(`Calls cannot be counted now. Try again in ${retryAfterMs} ms.`, {
      source: 'GATEWAY',
      retryAfterMs,
    });
  }
  const { max, windowMs } = refusedBy;
  return new RateLimitError(
    `At most ${max} such calls in ${windowMs} ms are admitted. Try again in ${retryAfterMs} ms.`,
    { source: 'GATEWAY', retryAfterMs, limit: max, windowMs },
  );
}
