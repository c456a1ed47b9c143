import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

import { ByLabel, CounterFamily, counterBy, counterByTwo, durationByTwo } from './series.ts';

/**
 * Everything the gateway counts, by subject. No label takes a value a client can choose freely:
 * operation names, ids and users are in none. The methods can be passed on without their object.
 */
export interface Metrics {
  readonly requests: RequestMetrics;
  readonly upstream: UpstreamMetrics;
  readonly rateLimits: RateLimitMetrics;
  readonly identity: IdentityMetrics;
  readonly streams: StreamMetrics;
  /** Of {@link text}, for its `content-type`. */
  readonly contentType: string;
  /** All metrics, the process's own and the event loop's lag among them, in Prometheus' format. */
  text(): Promise<string>;
}

/** What a request at the GraphQL endpoint asked for; `none` where that could not be read. */
export type OperationLabel = 'query' | 'mutation' | 'subscription' | 'none';

export interface RequestMetrics {
  /** A request came in at the GraphQL endpoint. */
  readonly started: () => void;
  /**
   * Its response is complete, or its client gone.
   *
   * @param status - The response's; 499 where the client was gone before its end.
   */
  readonly ended: (operation: OperationLabel, status: number, durationMs: number) => void;
  /**
   * A root field was answered with `member` of its result union. All arguments are names of the
   * schema's, so their number is bounded.
   *
   * @param code - The error's; `null` for a success.
   */
  readonly answered: (
    operation: OperationLabel,
    field: string,
    member: string,
    code: string | null,
  ) => void;
  /** A reference of another subgraph came back null; `reason` is the error's code. */
  readonly referenceMissed: (reason: string) => void;
  /**
   * Node's HTTP parser refused what a client sent, before it was a request.
   *
   * @param code - The error's, such as `HPE_HEADER_OVERFLOW`.
   */
  readonly refusedByParser: (code: string | undefined) => void;
}

export interface UpstreamMetrics {
  /**
   * An exchange with the API has ended.
   *
   * @param operation - The REST operation's name, as in all methods here.
   * @param result - The answer's HTTP status, or why there was none, such as `timeout`.
   */
  readonly exchanged: (operation: string, result: number | string, durationMs: number) => void;
  readonly retried: (operation: string) => void;
  /** A call was refused unsent. */
  readonly shed: (operation: string) => void;
  /** An answer was success by its status, but unusable. */
  readonly malformed: (operation: string) => void;
  /** A record was usable but for a date. */
  readonly malformedDate: (operation: string) => void;
  /** From now on `state` is read whenever the metrics are. */
  readonly watch: (state: () => UpstreamState) => void;
}

export interface UpstreamState {
  readonly circuit: (typeof circuitStates)[number];
  /** Calls under way, those that wait for a connection or for a retry among them. */
  readonly callsInFlight: number;
}

const circuitStates = ['closed', 'half-open', 'open'] as const;

export interface RateLimitMetrics {
  readonly decided: (group: string, admitted: boolean) => void;
  /** A call that the shared store could not count. */
  readonly uncounted: () => void;
  readonly storeDown: () => void;
  readonly storeUp: () => void;
  /** A write was kept apart from those of this process alone. */
  readonly lockedLocally: () => void;
}

export interface IdentityMetrics {
  /** The issuer's keys were asked for, or the asking was refused. */
  readonly keysFetched: (outcome: string) => void;
}

export interface StreamMetrics {
  /**
   * A stream has ended.
   *
   * @param reason - One of few words, such as `client`, or the code of the error that it ended with.
   */
  readonly ended: (reason: string) => void;
  /** From now on `open` is read whenever the metrics are. */
  readonly watch: (open: () => number) => void;
}

export interface MetricsOptions {
  /** Whether {@link Metrics.text} is asked for, so that the process has to be observed. @default true */
  readonly isShown?: boolean | undefined;
  /** How many lines the log has dropped so far. @default none */
  readonly droppedLogLines?: (() => number) | undefined;
}

let processMetrics: Registry | undefined;

/**
 * The metrics of the process, which all gateways in it share: prom-client has no way to stop what it
 * observes them with, a timer of the event loop and an observer of the garbage collector.
 */
function observeProcess(): Registry {
  if (processMetrics === undefined) {
    processMetrics = new Registry();
    collectDefaultMetrics({ register: processMetrics });
  }
  return processMetrics;
}

/** Metrics in a registry of their own, so that two gateways in one process do not mix. */
export function createMetrics({
  isShown = true,
  droppedLogLines = () => 0,
}: MetricsOptions = {}): Metrics {
  const registry = new Registry();
  const shown = isShown ? [observeProcess(), registry] : [registry];
  new Counter({
    name: 'gateway_log_lines_dropped_total',
    help: 'Lines of the log that were dropped because nobody took them.',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(droppedLogLines());
    },
  });
  return {
    requests: createRequestMetrics(registry),
    upstream: createUpstreamMetrics(registry),
    rateLimits: createRateLimitMetrics(registry),
    identity: createIdentityMetrics(registry),
    streams: createStreamMetrics(registry),
    contentType: registry.contentType,
    text: () => Registry.merge(shown).metrics(),
  };
}

function createRequestMetrics(registry: Registry): RequestMetrics {
  let inFlight = 0;
  new Gauge({
    name: 'gateway_requests_in_flight',
    help: 'Requests at the GraphQL endpoint whose response is not complete.',
    registers: [registry],
    collect() {
      this.set(inFlight);
    },
  });
  const durations = durationByTwo(['operation', 'status'], {
    name: 'gateway_request_duration_seconds',
    help: 'From the request line to the end of the response, by operation type and status class; 499: the client left before the end.',
    registry,
  });
  const result = new CounterFamily(
    {
      name: 'gateway_results_total',
      help: 'Root fields answered, by operation type, field, member of the result union, and the code of an error.',
      registry,
    },
    ['operation', 'field', 'member', 'code'],
  );
  const results = new ByLabel(
    (operation) =>
      new ByLabel(
        (field) =>
          new ByLabel(
            (member) => new ByLabel((code) => result.series({ operation, field, member, code })),
          ),
      ),
  );
  const nullReferences = counterBy('reason', {
    name: 'gateway_null_references_total',
    help: 'Entity references of other subgraphs that came back null, by the code of the error.',
    registry,
  });
  const parserRefusals = counterBy('code', {
    name: 'gateway_http_refusals_total',
    help: "What clients sent that Node's HTTP parser refused, by its code: no request came of it.",
    registry,
  });

  return {
    started() {
      inFlight += 1;
    },
    ended(operation, status, durationMs) {
      inFlight -= 1;
      durations
        .of(operation)
        .of(status === 499 ? '499' : statusClass(status))
        .observe(durationMs);
    },
    answered(operation, field, member, code) {
      results
        .of(operation)
        .of(field)
        .of(member)
        .of(code ?? '').value += 1;
    },
    referenceMissed(reason) {
      nullReferences.of(reason).value += 1;
    },
    refusedByParser(code) {
      parserRefusals.of(code !== undefined && parserCode.test(code) ? code : 'other').value += 1;
    },
  };
}

/** What llhttp's and Node's own codes look like; a system's, such as `ECONNRESET`, is none. */
const parserCode = /^(?:HPE|ERR)_[A-Z_]{1,40}$/;

function createUpstreamMetrics(registry: Registry): UpstreamMetrics {
  let readState: (() => UpstreamState) | undefined;
  const durations = durationByTwo(['operation', 'outcome'], {
    name: 'gateway_upstream_exchange_duration_seconds',
    help: 'One HTTP exchange with the API, by operation, and status class or why there was no answer.',
    registry,
  });
  const responses = counterByTwo(['operation', 'status'], {
    name: 'gateway_upstream_responses_total',
    help: 'Answers of the API, by operation and HTTP status.',
    registry,
  });
  const retries = counterBy('operation', {
    name: 'gateway_upstream_retries_total',
    help: 'Exchanges repeated after a failure, by operation.',
    registry,
  });
  const sheds = counterBy('operation', {
    name: 'gateway_upstream_shed_total',
    help: 'Calls refused unsent, because the circuit was open or too many calls were under way.',
    registry,
  });
  const malformed = counterBy('operation', {
    name: 'gateway_upstream_malformed_total',
    help: 'Answers of the API that were success by their status, but unusable, by operation.',
    registry,
  });
  const malformedDates = counterBy('operation', {
    name: 'gateway_upstream_malformed_dates_total',
    help: 'Dates of the API that were no RFC 3339 date-times and so left out, by operation.',
    registry,
  });
  new Gauge({
    name: 'gateway_upstream_circuit_state',
    help: '1 for the state the circuit breaker is in, 0 for the others.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const current = readState?.().circuit;
      for (const state of circuitStates) this.set({ state }, state === current ? 1 : 0);
    },
  });
  new Gauge({
    name: 'gateway_upstream_calls_in_flight',
    help: 'Calls of the API under way, those that wait for a connection or a retry among them.',
    registers: [registry],
    collect() {
      this.set(readState?.().callsInFlight ?? 0);
    },
  });

  return {
    exchanged(operation, result, durationMs) {
      if (typeof result === 'number') {
        responses.of(operation).of(statusLabel(result)).value += 1;
        durations.of(operation).of(statusClass(result)).observe(durationMs);
      } else {
        durations.of(operation).of(result).observe(durationMs);
      }
    },
    retried(operation) {
      retries.of(operation).value += 1;
    },
    shed(operation) {
      sheds.of(operation).value += 1;
    },
    malformed(operation) {
      malformed.of(operation).value += 1;
    },
    malformedDate(operation) {
      malformedDates.of(operation).value += 1;
    },
    watch(state) {
      readState = state;
    },
  };
}

function createRateLimitMetrics(registry: Registry): RateLimitMetrics {
  const registers = [registry];
  const decisions = counterByTwo(['group', 'verdict'], {
    name: 'gateway_rate_limit_decisions_total',
    help: 'Calls of limited fields, by group and verdict.',
    registry,
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

  const localLocks = new Counter({
    name: 'gateway_local_locks_total',
    help: 'Writes that were queued in this process alone, because the shared store did not answer.',
    registers,
  });

  return {
    lockedLocally() {
      localLocks.inc();
    },
    decided(group, admitted) {
      decisions.of(group).of(admitted ? 'admitted' : 'refused').value += 1;
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

function createIdentityMetrics(registry: Registry): IdentityMetrics {
  const fetches = counterBy('outcome', {
    name: 'gateway_jwks_fetches_total',
    help: "Fetches of the issuer's keys, by outcome; refused ones were over the budget for unknown keys.",
    registry,
  });
  return {
    keysFetched(outcome) {
      fetches.of(outcome).value += 1;
    },
  };
}

function createStreamMetrics(registry: Registry): StreamMetrics {
  let readOpen: (() => number) | undefined;
  new Gauge({
    name: 'gateway_streams_open',
    help: 'Streams of subscriptions that are open, whatever they came by.',
    registers: [registry],
    collect() {
      this.set(readOpen?.() ?? 0);
    },
  });
  const ends = counterBy('reason', {
    name: 'gateway_stream_ends_total',
    help: 'Streams of subscriptions that have ended: client (who read it left), deleted, shutdown, or the code of the error.',
    registry,
  });
  return {
    ended(reason) {
      ends.of(reason).value += 1;
    },
    watch(open) {
      readOpen = open;
    },
  };
}

/** HTTP statuses that get a label of their own; a strange upstream could send any three digits. */
const statusLabels = new Map(
  [
    200, 201, 202, 204, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 408, 409, 410, 412,
    413, 415, 422, 425, 429, 500, 501, 502, 503, 504,
  ].map((status) => [status, String(status)]),
);

const statusClasses = ['1xx', '2xx', '3xx', '4xx', '5xx'];

/** `404` for a status people know, else its class. */
function statusLabel(status: number): string {
  return statusLabels.get(status) ?? statusClass(status);
}

/** `4xx` for 404; `other` for what is no status. */
function statusClass(status: number): string {
  return statusClasses[Math.floor(status / 100) - 1] ?? 'other';
}
