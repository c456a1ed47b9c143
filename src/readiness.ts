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
  const limitsDown = sharedLimits !== null && !sharedLimits.healthy();
  const reasons = [
    ...(sources.shuttingDown() ? ['shutting down'] : []),
    ...(sources.upstreamAnswered() ? [] : ['the upstream has not answered yet']),
    ...(limitsDown && sharedLimits.required ? ['Redis does not answer, and limits need it'] : []),
  ];
  const degraded = [
    ...(sources.circuitState() === 'closed' ? [] : ['upstream: calls are held back']),
    ...(limitsDown ? ['rate limits: Redis does not answer'] : []),
  ];
  return { ready: reasons.length === 0, degraded, reasons };
}
