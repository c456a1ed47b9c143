import type { Readiness } from './doors/node/probes.ts';
import type { CircuitState } from './rest/circuit.ts';
import type { SharedRedis } from './shared-state/shared-state.ts';

export interface ReadinessSources {
  readonly upstreamAnswered: boolean;
  readonly circuit: CircuitState;
  /** `null` where everything is kept in this process by choice. */
  readonly redis: SharedRedis | null;
  /** Whether calls are refused while Redis cannot count them. */
  readonly requiresRedis: boolean;
  readonly shuttingDown: boolean;
}

/**
 * Whether this replica should be sent requests. A passing trouble of the API takes no replica out:
 * it would take all of them out at once, and callers get typed errors either way.
 */
export function readReadiness(sources: ReadinessSources): Readiness {
  const { upstreamAnswered, circuit, redis, requiresRedis, shuttingDown } = sources;
  const redisDown = redis !== null && !redis.healthy;
  const cause = redis?.cause ?? null;
  const because = cause === null ? '' : ` (${cause})`;
  const reasons = [
    ...(shuttingDown ? ['shutting down'] : []),
    ...(upstreamAnswered ? [] : ['upstream: it has not answered yet']),
    ...(redisDown && requiresRedis
      ? [`redis: it does not answer${because}, and RATE_LIMIT_ON_STORE_FAILURE is closed`]
      : []),
  ];
  const degraded = [
    ...(circuit === 'closed' ? [] : [`upstream: it fails, so calls are held back (${circuit})`]),
    ...(redisDown && !requiresRedis
      ? [`redis: it does not answer${because}, so each replica counts limits by itself`]
      : []),
    ...(redisDown && redis.locksAlone
      ? ['redis: updates are queued by each replica alone, merges and ifVersion are refused']
      : []),
  ];
  return { ready: reasons.length === 0, degraded, reasons };
}
