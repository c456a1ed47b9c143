import type { Readiness } from './doors/node/probes.ts';
import type { CircuitState } from './rest/circuit.ts';
import type { SharedRedis } from './shared-state/shared-state.ts';

/** The state that `GET /ready` reports. */
export interface ReadinessSources {
  /** Whether the API has answered once, with any status. */
  readonly upstreamAnswered: boolean;
  readonly circuit: CircuitState;
  /** The code that says why the API does not answer; `null` where it does, or was not called. */
  readonly upstreamCause: string | null;
  /** The code that says why the issuer's keys cannot be fetched; `null` where they can, or were not. */
  readonly issuerCause: string | null;
  /** `null` where everything is kept in this process by choice. */
  readonly redis: SharedRedis | null;
  /** Whether calls are refused while Redis cannot count them. */
  readonly requiresRedis: boolean;
  readonly shuttingDown: boolean;
}

/**
 * Whether this replica should receive requests. A temporary failure of the API does not make a replica
 * unready: it would make all of them unready at once, and callers get typed errors in any case.
 */
export function readReadiness(sources: ReadinessSources): Readiness {
  const { upstreamAnswered, circuit, redis, requiresRedis, shuttingDown } = sources;
  const { upstreamCause, issuerCause } = sources;
  const redisDown = redis !== null && !redis.healthy;
  const because = inParentheses(redis?.cause);
  const reasons = [
    ...(shuttingDown ? ['shutting down'] : []),
    ...(upstreamAnswered
      ? []
      : [`upstream: it has not answered yet${inParentheses(upstreamCause)}`]),
    ...(redisDown && requiresRedis
      ? [`redis: it does not answer${because}, and RATE_LIMIT_ON_STORE_FAILURE is closed`]
      : []),
  ];
  const degraded = [
    ...(circuit === 'closed'
      ? []
      : [`upstream: it fails, so calls are held back${inParentheses(circuit, upstreamCause)}`]),
    ...(issuerCause === null
      ? []
      : [`issuer: its keys cannot be fetched${inParentheses(issuerCause)}`]),
    ...(redisDown && !requiresRedis
      ? [`redis: it does not answer${because}, so each replica counts limits on its own`]
      : []),
    ...(redisDown && redis.locksAlone
      ? ['redis: updates are queued by each replica alone, merges and ifVersion are refused']
      : []),
    ...(typeof redis?.eventsRefused === 'string'
      ? [`redis: it does not carry events (${redis.eventsRefused}), so streams are refused`]
      : []),
  ];
  return { ready: reasons.length === 0, degraded, reasons };
}

function inParentheses(...words: readonly (string | null | undefined)[]): string {
  const known = words.filter((word) => typeof word === 'string');
  return known.length === 0 ? '' : ` (${known.join(', ')})`;
}
