import { RateLimitError } from '../errors.ts';
import type { RateLimitWindow } from './limit.ts';
import type { CallCost, RateLimitDecision } from './store.ts';

/** What a store found in one window before the call. */
export interface WindowUsage {
  readonly window: RateLimitWindow;
  /** Calls that count at this moment. */
  readonly count: number;
  /**
   * Microseconds until the window has room for one call more than now: until the newest `max`-th
   * call leaves where it is full, else until the oldest leaves, else its whole length.
   */
  readonly freesInUs: number;
}

/** The rule all stores decide by. Keeps nothing of `usages`. */
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

/** What a caller is told about a refused decision. */
export function toRateLimitError({ refusedBy, retryAfterMs }: RateLimitDecision): RateLimitError {
  if (refusedBy === null) {
    return new RateLimitError(
      `Calls cannot be counted just now. Try again in ${retryAfterMs} ms.`,
      { source: 'GATEWAY', retryAfterMs },
    );
  }
  const { max, windowMs } = refusedBy;
  return new RateLimitError(
    `At most ${max} such calls in ${windowMs} ms are admitted. Try again in ${retryAfterMs} ms.`,
    { source: 'GATEWAY', retryAfterMs, limit: max, windowMs },
  );
}
