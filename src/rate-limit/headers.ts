import type { RateLimitDecision, RateLimitWindowState } from './store.ts';

/** The fields of draft-ietf-httpapi-ratelimit-headers-11, sections 3 and 4. */
export interface RateLimitHeaders {
  readonly 'RateLimit-Policy': string;
  readonly RateLimit: string;
}

/**
 * The headers for the decisions one request met. `RateLimit-Policy` lists the windows of the tightest
 * decision, `RateLimit` its tightest window. The tightest is the one with the fewest calls
 * remaining; of those the one that takes longest to admit another; of those the later decision.
 *
 * `t` is the draft's effective window: whole seconds, rounded up, within which the client can make
 * no more than `r` calls. `w` is left out for a window that is no whole number of seconds, which the
 * draft has no way to say.
 *
 * @returns undefined when there was no decision.
 */
export function rateLimitHeaders(
  decisions: readonly RateLimitDecision[],
): RateLimitHeaders | undefined {
  let tightest: { decision: RateLimitDecision; state: RateLimitWindowState } | undefined;
  for (const decision of decisions) {
    for (const state of decision.windows) {
      if (tightest === undefined || !isTighter(tightest.state, state)) {
        tightest = { decision, state };
      }
    }
  }
  if (tightest === undefined) return undefined;
  return {
    'RateLimit-Policy': tightest.decision.windows.map(policyItem).join(', '),
    RateLimit: limitItem(tightest.state),
  };
}

function isTighter(one: RateLimitWindowState, other: RateLimitWindowState): boolean {
  if (one.remaining !== other.remaining) return one.remaining < other.remaining;
  return one.resetMs > other.resetMs;
}

function policyItem({ window: { name, max, windowMs } }: RateLimitWindowState): string {
  const quota = `"${name}";q=${max}`;
  return windowMs % 1000 === 0 ? `${quota};w=${windowMs / 1000}` : quota;
}

function limitItem({ window, remaining, resetMs }: RateLimitWindowState): string {
  return `"${window.name}";r=${remaining};t=${Math.ceil(resetMs / 1000)}`;
}
