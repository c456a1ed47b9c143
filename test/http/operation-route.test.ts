import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';

import { createOperationRoute } from '../../src/http/operation-route.ts';
import type { Gateway } from '../../src/server.ts';

const logger = { error: () => undefined };
// The decision needs no more of a gateway, and what is left to Yoga never gets further.
const gateway = { graphqlEndpoint: '/graphql' } as unknown as Gateway;
const route = createOperationRoute({ gateway, logger });

function isLeft(incoming: object, body = '{"query":"{ __typename }"}'): boolean {
  const headers = { 'content-type': 'application/json' };
  const request: unknown = { method: 'POST', url: '/graphql', headers, ...incoming };
  const response: unknown = {};
  return route(request as IncomingMessage, response as ServerResponse, Buffer.from(body)) === null;
}

describe('the route of plain operations leaves to Yoga', () => {
  it.each([
    ['another path', { url: '/graphql/' }],
    ['a query in the URL', { url: '/graphql?query={__typename}' }],
    ['another method', { method: 'PUT' }],
    ['another content type', { headers: { 'content-type': 'text/plain' } }],
    ['weighed media types', accepting('application/json;q=0.5')],
    ['a stream', accepting('text/event-stream')],
    ['what it cannot answer', accepting('text/html')],
  ])('%s', (_name, incoming) => {
    expect(isLeft(incoming)).toBe(true);
  });

  it('what may be a subscription', () => {
    expect(isLeft({}, '{"query":"subscription { __typename }"}')).toBe(true);
  });
});

function accepting(accept: string): object {
  return { headers: { 'content-type': 'application/json', accept } };
}
