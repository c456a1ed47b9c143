import type { Readiness } from './http/probes.ts';
import type { CircuitStateName } from './upstream/circuit.ts';

export interface ReadinessSources {
  readonly upstreamAnswered: () => boolean;
  readonly circuitState: () => CircuitStateName;
  /** `null` where limits are counted in process by choice. */
  readonly sharedLimits: { readonly healthy: () => boolean; readonly required: boolean } | null;
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
  const reasons = [
    ...(sources.shuttingDown() ? ['shutting down'] : []),
    ...(sources.upstreamAnswered() ? [] : ['upstream: it has not answered yet']),
    ...(limitsDown && sharedLimits.required
      ? ['redis: it does not answer, and RATE_LIMIT_ON_STORE_FAILURE is closed']
      : []),
  ];
  const degraded = [
    ...(circuit === 'closed' ? [] : [`upstream: it fails, so calls are held back (${circuit})`]),
    ...(limitsDown && !sharedLimits.required
      ? ['redis: it does not answer, so each replica counts limits by itself']
      : []),
  ];
  return { ready: reasons.length === 0, degraded, reasons };
}
