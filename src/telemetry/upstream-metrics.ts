import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

import { statusClass, statusLabel } from './status-label.ts';

export interface UpstreamMetrics {
  readonly exchanged: (exchange: UpstreamExchange) => void;
  readonly retried: (operation: string) => void;
  /** A call was refused unsent. */
  readonly shed: (operation: string) => void;
  /** From now on `state` is read whenever the metrics are. */
  watch(state: () => UpstreamState): void;
}

export interface UpstreamExchange {
  readonly operation: string;
  /** The answer's HTTP status, or why there was none, such as `timeout`. */
  readonly result: number | string;
  readonly durationSeconds: number;
}

export interface UpstreamState {
  readonly circuit: (typeof circuitStates)[number];
  /** Calls under way, those that wait for a connection or for a retry among them. */
  readonly callsInFlight: number;
}

const circuitStates = ['closed', 'half-open', 'open'] as const;

/** In seconds. */
const durationBuckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15];

export function createUpstreamMetrics(registry: Registry): UpstreamMetrics {
  const registers = [registry];
  let readState: (() => UpstreamState) | undefined;
  const duration = new Histogram({
    name: 'gateway_upstream_exchange_duration_seconds',
    help: 'One HTTP exchange with the API, by operation, and status class or why there was no answer.',
    labelNames: ['operation', 'outcome'],
    buckets: durationBuckets,
    registers,
  });
  const responses = new Counter({
    name: 'gateway_upstream_responses_total',
    help: 'Answers of the API, by operation and HTTP status.',
    labelNames: ['operation', 'status'],
    registers,
  });
  const retries = new Counter({
    name: 'gateway_upstream_retries_total',
    help: 'Exchanges repeated after a failure, by operation.',
    labelNames: ['operation'],
    registers,
  });
  const sheds = new Counter({
    name: 'gateway_upstream_shed_total',
    help: 'Calls refused unsent, because the circuit was open or too many calls were under way.',
    labelNames: ['operation'],
    registers,
  });
  new Gauge({
    name: 'gateway_upstream_circuit_state',
    help: '1 for the state the circuit breaker is in, 0 for the others.',
    labelNames: ['state'],
    registers,
    collect() {
      const current = readState?.().circuit;
      for (const state of circuitStates) this.set({ state }, state === current ? 1 : 0);
    },
  });
  new Gauge({
    name: 'gateway_upstream_calls_in_flight',
    help: 'Calls of the API under way, those that wait for a connection or a retry among them.',
    registers,
    collect() {
      this.set(readState?.().callsInFlight ?? 0);
    },
  });

  return {
    exchanged({ operation, result, durationSeconds }) {
      if (typeof result === 'number') {
        responses.inc({ operation, status: statusLabel(result) });
        duration.observe({ operation, outcome: statusClass(result) }, durationSeconds);
      } else {
        duration.observe({ operation, outcome: result }, durationSeconds);
      }
    },
    retried(operation) {
      retries.inc({ operation });
    },
    shed(operation) {
      sheds.inc({ operation });
    },
    watch(state) {
      readState = state;
    },
  };
}
