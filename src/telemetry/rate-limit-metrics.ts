import { Counter, Gauge, type Registry } from 'prom-client';

export interface RateLimitMetrics {
  readonly decided: (group: string, admitted: boolean) => void;
  /** A call that the shared store could not count. */
  readonly uncounted: () => void;
  readonly storeDown: () => void;
  readonly storeUp: () => void;
}

export function createRateLimitMetrics(registry: Registry): RateLimitMetrics {
  const registers = [registry];
  const decisions = new Counter({
    name: 'gateway_rate_limit_decisions_total',
    help: 'Calls of limited fields, by group and verdict.',
    labelNames: ['group', 'verdict'],
    registers,
  });
  const failures = new Counter({
    name: 'gateway_rate_limit_store_failures_total',
    help: 'Calls that the shared store could not count, so that the configured policy decided.',
    registers,
  });
  const outages = new Counter({
    name: 'gateway_rate_limit_store_outages_total',
    help: 'Times the shared store stopped answering.',
    registers,
  });
  const recoveries = new Counter({
    name: 'gateway_rate_limit_store_recoveries_total',
    help: 'Times the shared store answered again after an outage.',
    registers,
  });
  const down = new Gauge({
    name: 'gateway_rate_limit_store_down',
    help: '1 while the shared store does not answer; 0 else, and where limits are counted in process by choice.',
    registers,
  });

  return {
    decided(group, admitted) {
      decisions.inc({ group, verdict: admitted ? 'admitted' : 'refused' });
    },
    uncounted() {
      failures.inc();
    },
    storeDown() {
      outages.inc();
      down.set(1);
    },
    storeUp() {
      recoveries.inc();
      down.set(0);
    },
  };
}
