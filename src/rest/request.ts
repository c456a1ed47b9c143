import type { Span, TraceContext } from '../telemetry/tracing.ts';

/** What the transport and the status map have to know of an operation of the API. */
export interface RestOperation {
  /** A verb such as `update`: in metrics, logs and messages. */
  readonly name: string;
  /** What it is about, such as `execution context`: in messages. */
  readonly noun: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The path with its variable parts in braces, such as `/thing/{id}`: in spans. */
  readonly template: string;
  /** Changes what is stored, so an answer that got lost leaves doubt. */
  readonly writes: boolean;
  /** A second, identical call leaves the API as the first one did. */
  readonly repeatable: boolean;
}

/** Told when whoever asked has left. */
export interface DepartureListener {
  clientDeparted(): void;
}

/**
 * Whether whoever asked is still there. Objects instead of closures: there is one a request, and an
 * exchange is itself a listener.
 */
export interface Departure {
  readonly departed: boolean;
  watch(listener: DepartureListener): void;
  unwatch(listener: DepartureListener): void;
}

/** On whose behalf the API is asked. */
export interface Behalf {
  readonly requestId: string;
  /** What goes upstream: the span's, and where nothing is traced the client's, as it came. */
  readonly trace: TraceContext | undefined;
  /** What calls of the API are part of; `null` where they are not traced. */
  readonly span: Span | null;
  readonly departure: Departure | null;
  /**
   * The caller's own token, sent where the client has no key of its own; `null` where there is none.
   * Must not throw: it is asked for once the call has begun.
   */
  revealToken(): string | null;
}

export interface RestRequest {
  readonly operation: RestOperation;
  /** Below the base URL, percent-encoded. */
  readonly path: string;
  /** What was asked for; `null` for a list and for what is new. */
  readonly id: string | null;
  /** JSON, or what a `content-type` among `headers` says. */
  readonly body?: string | Buffer | undefined;
  /** More headers, as alternating names and values, such as a condition. */
  readonly headers?: readonly string[] | undefined;
  readonly behalf: Behalf;
  /** Until when all attempts together may take, on the clock of `performance.now()`. */
  readonly deadline: number;
  /**
   * What ends a write, such as the loss of the lock that it is done under; a client's departure does
   * not.
   *
   * @default nothing
   */
  readonly cancellation?: Departure | null | undefined;
  /** How many attempts were made before this one. @default 0 */
  readonly resends?: number | undefined;
}

/** What ends a request before its deadline: a write that has begun is seen through for a client. */
export function cancellationOf({ operation, behalf, cancellation }: RestRequest): Departure | null {
  return operation.writes ? (cancellation ?? null) : behalf.departure;
}

/** @param trace - Of the exchange's own span. @default what the request is made on behalf of has */
export type RequestHeadersOf = (request: RestRequest, trace?: TraceContext) => string[];

/** Compression is declined: a few bytes of it can stand for gigabytes. */
const fixedHeaders = [
  ...['accept', 'application/json'],
  ...['accept-encoding', 'identity'],
  ...['user-agent', 'execution-context-gateway'],
];

/**
 * What goes upstream of a call, as alternating names and values; nothing else of the client's
 * request does.
 *
 * @param apiKey - Sent as the bearer token; `null` sends the caller's own.
 */
export function createRequestHeaders(apiKey: string | null): RequestHeadersOf {
  const first = apiKey === null ? fixedHeaders : [...fixedHeaders, ...authorization(apiKey)];
  return ({ behalf, body, headers: more }, trace = behalf.trace) => {
    const headers = [...first, 'x-request-id', behalf.requestId];
    if (apiKey === null) {
      const token = behalf.revealToken();
      if (token !== null) headers.push(...authorization(token));
    }
    if (body !== undefined && !namesType(more)) headers.push('content-type', 'application/json');
    if (trace !== undefined) {
      headers.push('traceparent', trace.traceparent);
      if (trace.tracestate !== undefined) headers.push('tracestate', trace.tracestate);
    }
    if (more !== undefined) headers.push(...more);
    return headers;
  };
}

function authorization(credential: string): [string, string] {
  return ['authorization', `Bearer ${credential}`];
}

function namesType(headers: readonly string[] = []): boolean {
  return headers.some((name, i) => i % 2 === 0 && name.toLowerCase() === 'content-type');
}
