import type { Limit } from './limit.ts';
import type { RateLimitDecision, RateLimitWindowState } from './store.ts';

/**
 * The headers of draft-ietf-httpapi-ratelimit-headers-11, sections 3 and 4, for the decisions on one
 * request. `RateLimit-Policy` lists the windows of the tightest decision, `RateLimit` its tightest
 * window. The tightest is the one with the fewest calls remaining; of those the one that takes longest
 * to admit another; of those the later decision.
 */
export class RateLimitHeaders {
  #limit: Limit | null = null;
  #tightest: RateLimitWindowState | null = null;

  /** Takes a decision into account. */
  note(limit: Limit, { windows }: RateLimitDecision): void {
    for (const window of windows) {
      if (this.#tightest !== null && isTighter(this.#tightest, window)) continue;
      this.#limit = limit;
      this.#tightest = window;
    }
  }

  /** The `RateLimit-Policy` header; undefined where there was no decision. */
  get policy(): string | undefined {
    return this.#limit?.policy;
  }

  /**
   * The `RateLimit` header; undefined where there was no decision. Its `t` is the draft's effective
   * window: whole seconds, rounded up, within which the client can make no more than `r` calls.
   */
  get state(): string | undefined {
    if (this.#tightest === null) return undefined;
    const { window, remaining, resetMs } = this.#tightest;
    return `"${window.name}";r=${remaining};t=${Math.ceil(resetMs / 1000)}`;
  }
}

function isTighter(one: RateLimitWindowState, other: RateLimitWindowState): boolean {
  if (one.remaining !== other.remaining) return one.remaining < other.remaining;
  return one.resetMs > other.resetMs;
}
