import type { UpstreamCall } from './upstream-call.ts';

const fixedHeaders = [
  ...['accept', 'application/json'],
  ...['accept-encoding', 'identity'],
  ...['user-agent', 'execution-context-gateway'],
];

/**
 * What goes upstream of a call, as alternating names and values; nothing else of the client's
 * request does.
 *
 * @param credential - The gateway's key or the caller's token.
 */
export function requestHeaders(
  credential: string | null,
  body: string | undefined,
  { requestId, trace }: UpstreamCall,
): string[] {
  const headers = [...fixedHeaders, 'x-request-id', requestId];
  if (credential !== null) headers.push('authorization', `Bearer ${credential}`);
  if (body !== undefined) headers.push('content-type', 'application/json');
  if (trace !== undefined) headers.push('traceparent', trace.traceparent);
  if (trace?.tracestate !== undefined) headers.push('tracestate', trace.tracestate);
  return headers;
}
