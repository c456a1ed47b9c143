import type { Cancellation } from '../cancellation.ts';
import type { Span, TraceContext } from '../telemetry/tracing.ts';

/** An operation of the API, as far as the transport and the status map need to know it. */
export interface RestOperation {
  /** A verb such as `update`, for metrics, logs and messages. */
  readonly name: string;
  /** The resource, such as `execution context`, for messages. */
  readonly noun: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The path with its variable parts in braces, such as `/thing/{id}`, for spans. */
  readonly template: string;
  /** Whether it changes what is stored, so that a lost answer leaves its effect unknown. */
  readonly writes: boolean;
  /** Whether it is idempotent: a second, identical call leaves the API as the first one did. */
  readonly repeatable: boolean;
}

/** The request on whose behalf the API is called. */
export interface Behalf {
  readonly requestId: string;
  /** The trace context that is sent upstream: the span's; the client's own where nothing is traced. */
  readonly trace: TraceContext | undefined;
  /** The span that calls of the API belong to; `null` where they are not traced. */
  readonly span: Span | null;
  /** Cancels reads when the client leaves; `null` where nothing does. */
  readonly departure: Cancellation | null;
  /**
   * Returns the caller's own token, which is sent where the client has no key of its own; `null` where
   * there is none. Must not throw: it is called when the exchange has begun.
   */
  revealToken(): string | null;
}

export interface RestRequest {
  readonly operation: RestOperation;
  /** Below the base URL, percent-encoded. */
  readonly path: string;
  /** The id of the resource; `null` for a list and for a new resource. */
  readonly id: string | null;
  /** JSON, unless `headers` has another `content-type`. */
  readonly body?: string | Buffer | undefined;
  /** More headers, as alternating names and values. */
  readonly headers?: readonly string[] | undefined;
  readonly behalf: Behalf;
  /** The deadline of all attempts together, in milliseconds by `performance.now()`. */
  readonly deadline: number;
  /**
   * Ends a write early, for example when the lock that it is done under is lost. The departure of the
   * client does not.
   *
   * @default null
   */
  readonly cancellation?: Cancellation | null | undefined;
  /** How many attempts were made before this one. @default 0 */
  readonly resends?: number | undefined;
}

/**
 * What ends a request before its deadline. A write that has begun is completed although its client has
 * left.
 */
export function cancellationOf({
  operation,
  behalf,
  cancellation,
}: RestRequest): Cancellation | null {
  return operation.writes ? (cancellation ?? null) : behalf.departure;
}

/**
 * Returns the headers of a request.
 *
 * @param trace - That of the exchange's own span. @default that of the request's `behalf`
 */
export type RequestHeadersOf = (request: RestRequest, trace?: TraceContext) => string[];

/** Compression is declined: a few compressed bytes can expand to gigabytes. */
const fixedHeaders = [
  ...['accept', 'application/json'],
  ...['accept-encoding', 'identity'],
  ...['user-agent', 'execution-context-gateway'],
];

/**
 * Creates the headers that are sent upstream, as alternating names and values. Other headers of the
 * client's request are not forwarded.
 *
 * @param apiKey - Sent as the bearer token; `null`: the caller's own token is sent.
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
