import type { HeaderValues } from './cors.ts';
import type { Incoming } from './incoming.ts';

/** Adds {@link responseHeaders} to those of a Fetch response. */
export function addResponseHeaders(
  target: Pick<Headers, 'append' | 'set'>,
  incoming: Pick<Incoming, 'requestId' | 'outgoing'>,
  cors: HeaderValues,
): void {
  const headers = responseHeaders(incoming, cors);
  for (let i = 0; i < headers.length; i += 2) {
    const [name = '', value = ''] = headers.slice(i, i + 2);
    if (name === 'vary') target.append(name, value);
    else target.set(name, value);
  }
}

const noLimits = { policy: undefined, state: undefined };

/**
 * Returns the headers that every response has besides its own, as alternating names and values: the
 * request's id, the decisions of the limiter, and CORS. Never `Retry-After`: on a 200 it makes some
 * gateways send a mutation again.
 */
export function responseHeaders(
  { requestId, outgoing }: Pick<Incoming, 'requestId' | 'outgoing'>,
  cors: HeaderValues,
): string[] {
  const headers = ['x-request-id', requestId];
  const { policy, state } = outgoing.limits ?? noLimits;
  if (policy !== undefined && state !== undefined) {
    headers.push('RateLimit-Policy', policy, 'RateLimit', state);
  }
  for (const name in cors) headers.push(name, cors[name] ?? '');
  return headers;
}
