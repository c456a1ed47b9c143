import type { OperationLabel } from './metrics.ts';
import type { Span, TraceContext, Tracer } from './tracing.ts';

/** The data of a request's span at its start, named by OpenTelemetry's conventions for HTTP. */
export interface RequestSpanStart {
  readonly requestId: string;
  /** As in the log line; {@link webSocketMethod} for an operation in a WebSocket message. */
  readonly method: string | undefined;
  /** A known path of the gateway, without a query: any other path may contain secrets. */
  readonly path: string;
  /** The client's trace context. */
  readonly trace: TraceContext | undefined;
}

/** The data of a request's span at its end. */
export interface RequestSpanEnd {
  readonly method: string | undefined;
  readonly status: number;
  /** Whether the client received the whole response. */
  readonly complete: boolean;
  readonly operation: OperationLabel;
  readonly operationName: string | null;
}

/** Used instead of a method for an operation in a WebSocket message. */
export const webSocketMethod = 'WEBSOCKET';

/** The methods of RFC 9110 and RFC 5789; by the conventions all others are `_OTHER`. */
const knownMethods: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
]);

/** The longest operation name that is recorded, in characters: clients choose the names. */
const maxNameLength = 256;

/** Starts the span of a request, as a child of the client's where that sent one. */
export function startRequestSpan(
  tracer: Tracer,
  { requestId, method = '', path, trace }: RequestSpanStart,
): Span {
  if (method === webSocketMethod) {
    const attributes = {
      'network.protocol.name': 'websocket',
      'url.path': path,
      'gateway.request_id': requestId,
    };
    return tracer.startRequest(`WEBSOCKET ${path}`, attributes, trace);
  }
  const isKnown = knownMethods.has(method);
  const attributes = {
    'http.request.method': isKnown ? method : '_OTHER',
    'http.route': path,
    'url.path': path,
    'url.scheme': 'http',
    'gateway.request_id': requestId,
  };
  return tracer.startRequest(`${isKnown ? method : 'HTTP'} ${path}`, attributes, trace);
}

/** Ends the span of a request. The departure of the client is not a failure of the gateway. */
export function endRequestSpan(
  span: Span,
  { method, status, complete, operation, operationName }: RequestSpanEnd,
): void {
  for (const [attribute, value] of Object.entries(operationAttributes(operation, operationName))) {
    span.set(attribute, value);
  }
  if (!complete) {
    span.end('canceled', false);
    return;
  }
  // An operation that came in a message has no status of its own.
  const hasStatus = method !== webSocketMethod;
  if (hasStatus) span.set('http.response.status_code', status);
  const isFailure = hasStatus && status >= 500;
  span.end(isFailure ? String(status) : null, isFailure);
}

/** The attributes of an operation by OpenTelemetry's conventions for GraphQL, without its document. */
export function operationAttributes(
  operation: OperationLabel,
  name: string | null,
): Record<string, string> {
  if (operation === 'none') return {};
  return {
    'graphql.operation.type': operation,
    ...(name !== null && { 'graphql.operation.name': name.slice(0, maxNameLength) }),
  };
}
