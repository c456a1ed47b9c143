import type { OperationLabel } from './metrics.ts';
import type { Span, TraceContext, Tracer } from './tracing.ts';

/** What the span of a request begins with. Names are those of OpenTelemetry's conventions for HTTP. */
export interface RequestSpanStart {
  readonly requestId: string;
  /** As in the log's line: {@link webSocketMethod} for an operation that came in a message. */
  readonly method: string | undefined;
  /** A path of the gateway's own, without a query: one of somebody's making could hold anything. */
  readonly path: string;
  /** The client's. */
  readonly trace: TraceContext | undefined;
}

/** What it ends with. */
export interface RequestSpanEnd {
  readonly method: string | undefined;
  readonly status: number;
  /** Whether the client was there to the end. */
  readonly complete: boolean;
  readonly operation: OperationLabel;
  readonly operationName: string | null;
}

/** What stands for the method of an operation that came in a message. */
export const webSocketMethod = 'WEBSOCKET';

/** Methods of RFC 9110 and RFC 5789; the conventions want all others as one. */
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

/** So long a name of an operation is shown: clients choose them. */
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

/** A client that left is no failure of the gateway's. */
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

/** What OpenTelemetry's conventions for GraphQL say of an operation, less its document. */
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
