import { maxInt, retryAfterMs, withinInt } from './retry-after.ts';

type Headers = Readonly<Record<string, string>>;

/** A window of the API's own rate limit. */
export interface ApiLimit {
  readonly limit: number;
  readonly windowMs: number;
}

/** A larger reset is in seconds since the epoch, not from now: APIs use both. */
const epochFrom = 1_000_000_000;
/** A larger reset is in milliseconds since the epoch: in seconds it would be in three thousand years. */
const epochMsFrom = 100_000_000_000;
const defaultWaitMs = 1_000;
/** The characters of a header that are read: more than any list of limits has. */
const maxHeaderLength = 1_024;

/**
 * The window of the API that refused, from `X-RateLimit-60s-Limit` and `-Remaining` (one set per
 * window): the longest one with no calls left. `null` where the headers do not say.
 */
export function exhaustedLimit(headers: Headers): ApiLimit | null {
  let longest: ApiLimit | null = null;
  for (const [name, remaining] of Object.entries(headers)) {
    const seconds = /^x-ratelimit-(\d{1,6})s-remaining$/.exec(name)?.[1];
    if (seconds === undefined || remaining !== '0') continue;
    const limit = headers[`x-ratelimit-${seconds}s-limit`];
    const windowMs = Number(seconds) * 1_000;
    if (limit === undefined || !/^\d+$/.test(limit) || Number(limit) > maxInt) continue;
    if (longest === null || windowMs > longest.windowMs)
      longest = { limit: Number(limit), windowMs };
  }
  return longest;
}

/**
 * How long to wait after a 429: by `Retry-After`, else until the last of the windows with no calls left
 * is reset, by `RateLimit` or by `X-RateLimit-*-Reset`.
 *
 * @param now - Milliseconds since the epoch.
 * @returns Milliseconds, from 0 to 2147483647; 1000 where the headers do not say.
 */
export function limitWaitMs(headers: Headers, retryAfter: string | null, now: number): number {
  const asked = retryAfterMs(retryAfter, now);
  if (asked !== null) return asked;
  const resets = [...draftResets(headers['ratelimit'] ?? ''), ...windowResets(headers)];
  return resets.length === 0 ? defaultWaitMs : Math.max(...resets.map((t) => resetMs(t, now)));
}

/** The resets in `"minute";r=0;t=30, "burst";r=9;t=1` (draft-ietf-httpapi-ratelimit-headers, section 4.1). */
function draftResets(header: string): string[] {
  const items = header.slice(0, maxHeaderLength).match(/(?:"(?:[^"\\]|\\.)*"|[^",])+/g) ?? [];
  return items.flatMap((item) => {
    const parameters = item.replace(/"(?:[^"\\]|\\.)*"/g, '');
    const [, remaining = '0'] = /;\s*r=([^;\s]+)/.exec(parameters) ?? [];
    const [, reset] = /;\s*t=([^;\s]+)/.exec(parameters) ?? [];
    return isReset(reset) && Number(remaining) === 0 ? [reset] : [];
  });
}

/** The resets in `X-RateLimit-60s-Reset` where `X-RateLimit-60s-Remaining` is 0; also without a window. */
function windowResets(headers: Headers): string[] {
  return Object.entries(headers).flatMap(([name, reset]) => {
    const stem = /^((?:x-)?ratelimit-(?:.*-)?)reset$/.exec(name)?.[1];
    if (stem === undefined || !isReset(reset)) return [];
    return Number(headers[`${stem}remaining`] ?? '0') === 0 ? [reset] : [];
  });
}

function isReset(value: string | undefined): value is string {
  return value !== undefined && /^\d+(?:\.\d+)?$/.test(value);
}

function resetMs(reset: string, now: number): number {
  const seconds = Number(reset);
  if (seconds > epochMsFrom) return withinInt(seconds - now);
  return withinInt(seconds > epochFrom ? seconds * 1_000 - now : Math.ceil(seconds) * 1_000);
}
