import type { RateLimitWindow } from '../../src/rate-limit/limit.ts';
import type { RateLimitDecision } from '../../src/rate-limit/store.ts';

/** The limits as one would explain them: every admitted call is remembered, and all are counted. */
export class NaiveModel {
  readonly #admitted = new Map<string, number[]>();

  consume(user: string, windows: readonly RateLimitWindow[], now: number): RateLimitDecision {
    const times = this.#admitted.get(user) ?? [];
    const waits = windows.map((window) => waitFor(window, times, now));
    const retryAfterMs = Math.max(...waits);
    const admitted = retryAfterMs === 0;
    const after = admitted ? [...times, now] : times;
    this.#admitted.set(user, after);
    return {
      admitted,
      retryAfterMs,
      refusedBy: admitted ? null : (windows[waits.indexOf(retryAfterMs)] ?? null),
      windows: windows.map((window) => {
        const counted = after.filter((time) => time + window.windowMs > now);
        return {
          window,
          remaining: window.max - counted.length,
          resetMs: Math.min(
            window.windowMs,
            ...counted.map((time) => time + window.windowMs - now),
          ),
        };
      }),
    };
  }
}

/** Tries every moment at which a call leaves the window, soonest first. */
function waitFor(
  { windowMs, max }: RateLimitWindow,
  times: readonly number[],
  now: number,
): number {
  const moments = [0, ...times.map((time) => time + windowMs - now).filter((wait) => wait > 0)];
  moments.sort((one, other) => one - other);
  const wait = moments.find(
    (moment) => times.filter((time) => time + windowMs > now + moment).length < max,
  );
  if (wait === undefined) throw new Error('A window that never empties.');
  return wait;
}
