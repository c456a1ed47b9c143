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

/** The rule both stores decide by. */
export function decide(usages: readonly WindowUsage[], cost: CallCost): RateLimitDecision {
  let longest: WindowUsage | undefined;
  for (const usage of usages) {
    const refuses = usage.count + cost > usage.window.max;
    if (refuses && usage.freesInUs > (longest?.freesInUs ?? 0)) longest = usage;
  }
  const charge = longest === undefined ? cost : 0;
  return {
    admitted: longest === undefined,
    retryAfterMs: Math.ceil((longest?.freesInUs ?? 0) / 1000),
    refusedBy: longest?.window ?? null,
    windows: usages.map(({ window, count, freesInUs }) => ({
      window,
      remaining: Math.max(0, window.max - count - charge),
      resetMs: Math.ceil(freesInUs / 1000),
    })),
  };
}
