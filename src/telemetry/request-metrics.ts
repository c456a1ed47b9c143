import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

import { statusClass } from './status-label.ts';

/** What a request at the GraphQL endpoint asked for; `none` where that could not be read. */
export type OperationLabel = 'query' | 'mutation' | 'subscription' | 'none';

export interface RequestMetrics {
  /** A request came in at the GraphQL endpoint. */
  readonly started: () => void;
  /** Its response is complete, or its client gone. */
  readonly ended: (request: EndedRequest) => void;
  /** A root field was answered with `member` of its result union. */
  readonly answered: (result: AnsweredResult) => void;
  /** A reference of another subgraph came back null. */
  readonly referenceMissed: (reason: string) => void;
}

export interface EndedRequest {
  readonly operation: OperationLabel;
  readonly status: number;
  readonly durationSeconds: number;
}

/** All of them names of the schema's, so their number is bounded. */
export interface AnsweredResult {
  readonly operation: OperationLabel;
  readonly field: string;
  readonly member: string;
  /** The error's code; `null` for a success. */
  readonly code: string | null;
}

/** In seconds: from a refusal at once to beyond the default deadline of the upstream. */
const durationBuckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15];

export function createRequestMetrics(registry: Registry): RequestMetrics {
  const registers = [registry];
  const inFlight = new Gauge({
    name: 'gateway_requests_in_flight',
    help: 'Requests at the GraphQL endpoint whose response is not complete.',
    registers,
  });
  const duration = new Histogram({
    name: 'gateway_request_duration_seconds',
    help: 'From the request line to the end of the response, by operation type and status class.',
    labelNames: ['operation', 'status'],
    buckets: durationBuckets,
    registers,
  });
  const results = new Counter({
    name: 'gateway_results_total',
    help: 'Root fields answered, by operation type, field, member of the result union, and the code of an error.',
    labelNames: ['operation', 'field', 'member', 'code'],
    registers,
  });
  const nullReferences = new Counter({
    name: 'gateway_null_references_total',
    help: 'Entity references of other subgraphs that came back null, by the code of the error.',
    labelNames: ['reason'],
    registers,
  });

  return {
    started: () => {
      inFlight.inc();
    },
    ended({ operation, status, durationSeconds }) {
      inFlight.dec();
      duration.observe({ operation, status: statusClass(status) }, durationSeconds);
    },
    answered({ operation, field, member, code }) {
      results.inc({ operation, field, member, code: code ?? '' });
    },
    referenceMissed(reason) {
      nullReferences.inc({ reason });
    },
  };
}
