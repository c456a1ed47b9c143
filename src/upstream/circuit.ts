import {
  BrokenCircuitError,
  CircuitState,
  SamplingBreaker,
  circuitBreaker,
  handleWhenResult,
} from 'cockatiel';

import type { Failure, Outcome } from './exchange.ts';

export type CircuitStateName = 'closed' | 'half-open' | 'open';

export interface CircuitOptions {
  /** Called at each change of state. */
  readonly onStateChange?: ((state: CircuitStateName) => void) | undefined;
}

export interface Circuit {
  /** Runs `send`, or answers `shed` at once while the circuit is open. */
  execute(send: () => Promise<Outcome>): Promise<Outcome>;
  readonly state: CircuitStateName;
}

const stateNames: Record<CircuitState, CircuitStateName> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Open]: 'open',
  // Nothing isolates the circuit by hand; were it so, it would let nothing through.
  [CircuitState.Isolated]: 'open',
};

const brokenStatuses = new Set([502, 503, 504]);

/**
 * Stops asking an API that is down. It opens when half of the calls of the last ten seconds failed
 * (at least five a second, so that a quiet gateway never opens on a coincidence) and tries one call
 * after two seconds.
 *
 * It samples rather than counts consecutive failures: one context that always fails must not shut
 * out all the others.
 */
export function createCircuit({ onStateChange }: CircuitOptions = {}): Circuit {
  const policy = circuitBreaker(handleWhenResult(isOutage), {
    halfOpenAfter: 2_000,
    breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 5 }),
  });
  policy.onStateChange((state) => onStateChange?.(stateNames[state]));

  return {
    get state() {
      return stateNames[policy.state];
    },
    async execute(send) {
      try {
        return await policy.execute(send);
      } catch (error) {
        if (error instanceof BrokenCircuitError) return shed(error);
        throw error;
      }
    },
  };
}

/** The outcome of a call that was not even tried. */
export function shed(cause: Error): Failure {
  return { kind: 'failure', reason: 'shed', sent: false, cause };
}

/** What speaks of the API as a whole, rather than of one request. */
function isOutage(result: unknown): boolean {
  const outcome = result as Outcome;
  if (outcome.kind === 'answer') return brokenStatuses.has(outcome.status);
  return outcome.reason === 'connection' || outcome.reason === 'timeout';
}
