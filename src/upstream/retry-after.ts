const maxRetryAfterMs = 2_147_483_647;
const defaultRetryAfterMs = 1_000;

/**
 * Reads `Retry-After` (RFC 9110, section 10.2.3): whole seconds or an HTTP date.
 *
 * @param now - Milliseconds since the epoch.
 * @returns Milliseconds to wait, within 0 and 2147483647; 1000 where the header is missing or
 * unreadable.
 */
export function retryAfterMs(header: string | string[] | undefined, now: number): number {
  const value = (Array.isArray(header) ? header[0] : header)?.trim() ?? '';
  const waitMs = /^\d+$/.test(value) ? Number(value) * 1_000 : httpDateMs(value) - now;
  if (Number.isNaN(waitMs)) return defaultRetryAfterMs;
  return Math.min(Math.max(Math.ceil(waitMs), 0), maxRetryAfterMs);
}

/** The three date forms of RFC 9110, section 5.6.7; `Date.parse` alone would take much more. */
const httpDate =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? (?:\d{2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;

function httpDateMs(value: string): number {
  if (!httpDate.test(value)) return NaN;
  return Date.parse(value.endsWith('GMT') ? value : `${value} GMT`);
}
