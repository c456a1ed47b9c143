import type { Readiness } from './doors/node/probes.ts';
import type { CircuitState } from './rest/circuit.ts';

export interface ReadinessSources {
  readonly upstreamAnswered: () => boolean;
  readonly circuitState: () => CircuitState;
  /** `null` where limits are counted in process by choice. */
  readonly sharedLimits: {
    readonly healthy: () => boolean;
    /** Why it is not, in a word. */
    readonly cause: () => string | null;
    readonly required: boolean;
    /** Whether writes have been kept apart without it since it went away. */
    readonly locksAlone: () => boolean;
  } | null;
  readonly shuttingDown: () => boolean;
}

/**
 * Whether this replica should be sent requests. A passing trouble of the API takes no replica out:
 * it would take all of them out at once, and callers get typed errors either way.
 */
export function readReadiness(sources: ReadinessSources): Readiness {
  const { sharedLimits } = sources;
  const circuit = sources.circuitState();
  const limitsDown = sharedLimits !== null && !sharedLimits.healthy();
  const because = (sharedLimits?.cause() ?? null) === null ? '' : ` (${sharedLimits?.cause()})`;
  const reasons = [
    ...(sources.shuttingDown() ? ['shutting down'] : []),
    ...(sources.upstreamAnswered() ? [] : ['upstream: it has not answered yet']),
    ...(limitsDown && sharedLimits.required
      ? [`redis: it does not answer${because}, and RATE_LIMIT_ON_STORE_FAILURE is closed`]
      : []),
  ];
  const degraded = [
    ...(circuit === 'closed' ? [] : [`upstream: it fails, so calls are held back (${circuit})`]),
    ...(limitsDown && !sharedLimits.required
      ? [`redis: it does not answer${because}, so each replica counts limits by itself`]
      : []),
    ...(limitsDown && sharedLimits.locksAlone()
      ? ['redis: updates are queued by each replica alone, merges and ifVersion are refused']
      : []),
  ];
  return { ready: reasons.length === 0, degraded, reasons };
}
