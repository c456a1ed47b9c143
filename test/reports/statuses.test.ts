import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

const named = 'query ($id: ID!) { executionContext(id: $id) { __typename } }';

/** Whether it was understood as a request, and what it is answered with then. */
const requests = [
  ['no query', {}, 400, 400],
  ['a query of null', { query: null }, 400, 400],
  ['a query that is a number', { query: 1 }, 400, 400],
  ['a query that is a list', { query: ['{ __typename }'] }, 400, 400],
  ['variables that are text', { query: '{ __typename }', variables: '{}' }, 400, 400],
  ['variables that are a list', { query: '{ __typename }', variables: [] }, 400, 400],
  ['an operation name that is none', { query: '{ __typename }', operationName: {} }, 400, 400],
  ['extensions that are a number', { query: '{ __typename }', extensions: 1 }, 400, 400],
  ['a syntax error', { query: '{' }, 200, 400],
  ['an empty query', { query: '' }, 200, 400],
  ['an unknown field', { query: '{ nothing }' }, 200, 400],
  ['a missing variable', { query: named }, 200, 400],
  ['a variable of null', { query: named, variables: { id: null } }, 200, 400],
  ['a variable of a wrong type', { query: named, variables: { id: { a: 1 } } }, 200, 400],
  ['an unknown operation', { query: 'query A { __typename }', operationName: 'B' }, 200, 400],
  ['nothing wrong', { query: '{ __typename }', variables: null, extensions: null }, 200, 200],
] as const;

describe.each(['/graphql', '/graphql/'])('the status at %s', (path) => {
  it.each(requests)('goes by the media type: %s', async (_, body, json, graphql) => {
    for (const [accept, status] of [
      ['application/json', json],
      ['application/graphql-response+json', graphql],
    ] as const) {
      const response = await fetch(gateway.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept },
        body: JSON.stringify(body),
      });
      expect(response.status, accept).toBe(status);
      const { data, errors } = (await response.json()) as { data?: unknown; errors?: unknown[] };
      expect([data === undefined, errors === undefined]).toEqual(
        graphql === 200 ? [false, true] : [true, false],
      );
    }
  });
});
