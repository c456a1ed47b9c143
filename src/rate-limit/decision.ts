import type { RateLimitWindow } from './limit.ts';
import type { RateLimitDecision, RateLimitWindowState } from './store.ts';

/** What a store found in one window before the call. */
export interface WindowUsage {
  /** Calls that count at this moment. */
  readonly count: number;
  /**
   * Microseconds until the window has room for one call more than now: until the newest `max`-th
   * call leaves where it is full, else until the oldest leaves, else its whole length.
   */
  readonly freesInUs: number;
}

/** The rule both stores decide by; `usages` is in the order of `windows`. */
export function decide(
  windows: readonly RateLimitWindow[],
  usages: readonly WindowUsage[],
): RateLimitDecision {
  let refusedBy: RateLimitWindow | null = null;
  let waitUs = 0;
  for (const [index, usage] of usages.entries()) {
    const window = windows[index];
    if (window !== undefined && usage.count >= window.max && usage.freesInUs > waitUs) {
      refusedBy = window;
      waitUs = usage.freesInUs;
    }
  }
  const charge = refusedBy === null ? 1 : 0;
  return {
    admitted: refusedBy === null,
    retryAfterMs: Math.ceil(waitUs / 1000),
    refusedBy,
    windows: windows.map((window, index) => afterCharge(window, usages[index], charge)),
  };
}

function afterCharge(
  window: RateLimitWindow,
  usage: WindowUsage = { count: 0, freesInUs: window.windowMs * 1000 },
  charge: number,
): RateLimitWindowState {
  return {
    window,
    remaining: Math.max(0, window.max - usage.count - charge),
    resetMs: Math.ceil(usage.freesInUs / 1000),
  };
}
