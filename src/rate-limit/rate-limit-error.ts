import { RateLimitError } from '../errors.ts';
import type { RateLimitDecision } from './store.ts';

/** What a caller is told about a refused decision. */
export function toRateLimitError({ refusedBy, retryAfterMs }: RateLimitDecision): RateLimitError {
  if (refusedBy === null) {
    return new RateLimitError(
      `Calls cannot be counted just now. Try again in ${retryAfterMs} ms.`,
      { source: 'GATEWAY', retryAfterMs },
    );
  }
  const { max, windowMs } = refusedBy;
  return new RateLimitError(
    `At most ${max} such calls in ${windowMs} ms are admitted. Try again in ${retryAfterMs} ms.`,
    { source: 'GATEWAY', retryAfterMs, limit: max, windowMs },
  );
}
