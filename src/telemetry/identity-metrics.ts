import { Counter, type Registry } from 'prom-client';

export interface IdentityMetrics {
  /** The issuer's keys were asked for, or the asking was refused. */
  readonly keysFetched: (outcome: string) => void;
}

export function createIdentityMetrics(registry: Registry): IdentityMetrics {
  const fetches = new Counter({
    name: 'gateway_jwks_fetches_total',
    help: "Fetches of the issuer's keys, by outcome; refused ones were over the budget for unknown keys.",
    labelNames: ['outcome'],
    registers: [registry],
  });
  return {
    keysFetched(outcome) {
      fetches.inc({ outcome });
    },
  };
}
