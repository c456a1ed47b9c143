import type { Outcome } from './exchange.ts';
import type { Operation } from './operation.ts';

const maxAttempts = 3;
const baseDelayMs = 50;

const passingStatuses = new Set([502, 503, 504]);

/**
 * How long to wait before another attempt, with full jitter so that many callers do not come back
 * at once: up to 50 ms, then up to 100 ms.
 *
 * @returns Milliseconds, or `null` where another attempt could do harm or cannot help. A read is
 * repeated where the connection or the way to the API failed. A write only if nothing of it was
 * sent: a replayed one could overwrite a newer one. Too many requests are never repeated.
 */
export function retryDelayMs(
  operation: Operation,
  outcome: Outcome,
  attempts: number,
  random: () => number = Math.random,
): number | null {
  if (attempts >= maxAttempts || !mayRepeat(operation, outcome)) return null;
  return random() * baseDelayMs * 2 ** (attempts - 1);
}

function mayRepeat(operation: Operation, outcome: Outcome): boolean {
  if (outcome.kind === 'answer') return !operation.writes && passingStatuses.has(outcome.status);
  return outcome.reason === 'connection' && (!operation.writes || !outcome.sent);
}
