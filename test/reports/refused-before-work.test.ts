import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { answersTo, closing, headerIn, post, statusesIn } from '../support/wire.ts';

const create = JSON.stringify({
  query: 'mutation { createExecutionContext(input: { agentId: "a" }) { __typename } }',
});

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
afterEach(() => {
  gateway.upstream.clear();
});

async function ask(accept: string, body = create, path = '/graphql'): Promise<string> {
  const authorization = `authorization: Bearer ${await gateway.freshToken()}`;
  const request = post(body, authorization, `accept: ${accept}`, closing);
  return answersTo(gateway.url, request.replace('/graphql', path));
}

describe('a mutation whose answer cannot be sent', () => {
  it.each([
    'text/html',
    'application/xml',
    'application/json;q=0',
    'application/json ; Q=0.0, image/*',
    '*/*;q=0',
    'application/*;q=0.000',
    'application/json;charset=utf-16',
    'application/json;charset="iso-8859-1"',
    'text/plain;note="a, application/json"',
    'image/*, text/html;q=0.9',
  ])('is not done, and not charged: %s', async (accept) => {
    for (const path of ['/graphql', '/graphql/']) {
      const answer = await ask(accept, create, path);
      expect(statusesIn(answer)).toEqual([406]);
      expect(headerIn(answer, 'ratelimit')).toBeUndefined();
    }
    expect(gateway.upstream.requests).toEqual([]);
  });
});

describe('what a client accepts', () => {
  const json = 'application/json; charset=utf-8';
  const graphql = 'application/graphql-response+json; charset=utf-8';

  const events = 'text/event-stream; charset=utf-8';

  it.each([
    ['*/*', json],
    ['', json],
    ['APPLICATION/JSON', json],
    ['application/*', json],
    ['application/json;charset="utf-8"', json],
    ['application/json;charset="UTF-8";q=0.5', json],
    ['application/graphql-response+json, application/json;q=0.9', graphql],
    ['application/json;q=0.1, application/graphql-response+json;q=0.2', graphql],
    ['application/json;q=0, */*', graphql],
    ['text/html, application/xhtml+xml, */*;q=0.8', json],
    ['text/html;note="a;q=0, b", application/json', json],
    ['application/*;q=0.5, application/json;q=0.1', graphql],
    ['text/*', events],
    ['application/*;q=0, */*', events],
    ['application/json;q=0.1, text/event-stream', events],
  ])('%s is answered with %s', async (accept, type) => {
    const answer = await ask(accept, '{"query":"{ __typename }"}');
    expect(statusesIn(answer)).toEqual([200]);
    expect(headerIn(answer, 'content-type')).toBe(type);
    // Of a stream of events, too (RFC 9110, section 8.4.1: `none` is no coding).
    expect(headerIn(answer, 'content-encoding')).toBeUndefined();
  });
});
