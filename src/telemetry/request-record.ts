import type { Logger } from './logger.ts';
import type { Metrics, OperationLabel } from './metrics.ts';
import type { RequestLine } from './request-line.ts';
import { endRequestSpan, startRequestSpan } from './request-span.ts';
import type { Span, TraceContext, Tracer } from './tracing.ts';

/** Where requests are recorded, whatever door they came by. */
export interface RequestTelemetry {
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** @default null, nothing is traced */
  readonly tracer?: Tracer | null | undefined;
}

/** Whether a path is the GraphQL endpoint or lies below it. */
export function isOperationPath(path: string, endpoint: string): boolean {
  return path === endpoint || path.startsWith(`${endpoint}/`);
}

/**
 * A path as logs and spans show it: one of the gateway's own paths, or a pattern for all others, since
 * clients could put anything into a path.
 *
 * @param isPage - Whether it is another path that the gateway serves, such as `/health`.
 */
export function shownPath(path: string, endpoint: string, isPage: boolean): string {
  if (path === endpoint || isPage) return path;
  return isOperationPath(path, endpoint) ? `${endpoint}/*` : '*';
}

/** What is known of a request when it begins. */
export interface BegunRequest {
  readonly requestId: string;
  /** The client's. Read only where requests are traced. */
  readonly trace: TraceContext | undefined;
}

/**
 * Counts a request for the GraphQL endpoint that begins, and starts its span. Other requests are only
 * logged when they end.
 *
 * @param path - As {@link shownPath} gives it.
 * @returns `null` where nothing is traced.
 */
export function beginRecord(
  { metrics, tracer = null }: RequestTelemetry,
  method: string | undefined,
  path: string,
  request: BegunRequest,
): Span | null {
  metrics.requests.started();
  if (tracer === null) return null;
  const { requestId, trace } = request;
  return startRequestSpan(tracer, { requestId, method, path, trace });
}

/** A request that has ended: what the log tells, and what only spans do. */
export interface EndedRequest extends RequestLine {
  readonly operation: OperationLabel | null;
  /** @default null */
  readonly operationName?: string | null;
}

/** Logs a request whose response is complete or whose client has left, counts it, and ends its span. */
export function endRecord(
  { metrics, logger }: RequestTelemetry,
  span: Span | null,
  ended: EndedRequest,
): void {
  const { operation, operationName = null } = ended;
  if (operation !== null) {
    const { method, status, complete, durationMs } = ended;
    if (span !== null) {
      endRequestSpan(span, { method, status, complete, operation, operationName });
    }
    metrics.requests.ended(operation, status, durationMs);
  }
  logger.request(ended);
}
