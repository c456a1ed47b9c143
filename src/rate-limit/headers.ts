import { policyItem, type RateLimitWindow } from './limit.ts';
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
 * no more than `r` calls.
 *
 * @returns undefined when there was no decision.
 */
export function rateLimitHeaders(
  decisions: readonly RateLimitDecision[],
): RateLimitHeaders | undefined {
  let tightest: RateLimitDecision | undefined;
  let state: RateLimitWindowState | undefined;
  for (const decision of decisions) {
    for (const other of decision.windows) {
      if (state === undefined || !isTighter(state, other)) {
        tightest = decision;
        state = other;
      }
    }
  }
  if (tightest === undefined || state === undefined) return undefined;
  return {
    'RateLimit-Policy': policyOf(tightest.windows),
    RateLimit: `"${state.window.name}";r=${state.remaining};t=${Math.ceil(state.resetMs / 1000)}`,
  };
}

function isTighter(one: RateLimitWindowState, other: RateLimitWindowState): boolean {
  if (one.remaining !== other.remaining) return one.remaining < other.remaining;
  return one.resetMs > other.resetMs;
}

/** The text of each window, made once: a window lives as long as its limit. */
const items = new WeakMap<RateLimitWindow, string>();

/** What `Limit.policy` is, told from a decision, which knows its windows but not their limit. */
function policyOf(states: readonly RateLimitWindowState[]): string {
  let policy = '';
  for (const { window } of states) {
    let item = items.get(window);
    if (item === undefined) {
      item = policyItem(window);
      items.set(window, item);
    }
    policy = policy === '' ? item : `${policy}, ${item}`;
  }
  return policy;
}
