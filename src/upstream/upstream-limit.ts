import type { IncomingHttpHeaders } from 'node:http';

/** A window of the API's own rate limit. */
export interface UpstreamLimit {
  readonly limit: number;
  readonly windowMs: number;
}

const maxInt32 = 2_147_483_647;

/**
 * Which of the API's windows refused, from `X-RateLimit-60s-Limit` and `-Remaining` (one set per
 * window): the longest that has nothing left. `null` where the headers do not tell.
 */
export function exhaustedLimit(headers: IncomingHttpHeaders): UpstreamLimit | null {
  let longest: UpstreamLimit | null = null;
  for (const [name, remaining] of Object.entries(headers)) {
    const seconds = /^x-ratelimit-(\d{1,6})s-remaining$/.exec(name)?.[1];
    if (seconds === undefined || remaining !== '0') continue;
    const limit = headers[`x-ratelimit-${seconds}s-limit`];
    const windowMs = Number(seconds) * 1_000;
    if (typeof limit !== 'string' || !/^\d+$/.test(limit) || Number(limit) > maxInt32) continue;
    if (longest === null || windowMs > longest.windowMs)
      longest = { limit: Number(limit), windowMs };
  }
  return longest;
}
