/** The largest `Int` of GraphQL. */
export const maxInt = 2_147_483_647;

/**
 * Reads `Retry-After` (RFC 9110, section 10.2.3): seconds or an HTTP date. The standard allows whole
 * seconds only; fractions, which some APIs send, are rounded up.
 *
 * @param now - Milliseconds since the epoch.
 * @returns Milliseconds to wait, from 0 to 2147483647; `null` where the header is missing or
 *   unreadable.
 */
export function retryAfterMs(header: string | null, now: number): number | null {
  const value = header?.trim() ?? '';
  const seconds = /^\d+(?:\.\d+)?$/.test(value) ? Math.ceil(Number(value)) : NaN;
  const waitMs = Number.isNaN(seconds) ? httpDateMs(value) - now : seconds * 1_000;
  return Number.isNaN(waitMs) ? null : withinInt(waitMs);
}

/** Limits a wait in milliseconds to what an `Int` of GraphQL holds: from 0, rounded up. */
export function withinInt(waitMs: number): number {
  return Math.min(Math.max(Math.ceil(waitMs), 0), maxInt);
}

/** The three date forms of RFC 9110, section 5.6.7; `Date.parse` alone would accept many others. */
const httpDate =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? (?:\d{2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;

function httpDateMs(value: string): number {
  if (!httpDate.test(value)) return NaN;
  return Date.parse(value.endsWith('GMT') ? value : `${value} GMT`);
}
