import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { send, type RawAnswer, type RawRequest } from './request.ts';

const json = { 'content-type': 'application/json' };
const strict = { ...json, accept: 'application/graphql-response+json' };
const typename = JSON.stringify({ query: '{ __typename }' });
const operation = /* GraphQL */ `
  query ($id: ID!) {
    executionContext(id: $id) {
      __typename
      ... on AiExecutionContext {
        context
      }
      ... on ExecutionContextError {
        code
        requestId
      }
    }
  }
`;

function fetchOf(id: unknown): string {
  return JSON.stringify({ query: operation, variables: { id } });
}

const requests: Record<string, RawRequest> = {
  'a plain query': { headers: json, body: typename },
  'the media type of GraphQL': { headers: strict, body: typename },
  'several media types': {
    headers: { ...json, accept: 'application/json, application/graphql-response+json' },
    body: typename,
  },
  'any media type first': { headers: { ...json, accept: '*/*, text/html' }, body: typename },
  'a context': { headers: json, body: fetchOf('ctx_1') },
  'an error as data': { headers: json, body: fetchOf('ctx_none') },
  'an input error': { headers: strict, body: fetchOf('') },
  'a page of an allowed origin': {
    headers: { ...json, origin: 'https://app.example.com' },
    body: typename,
  },
  'a page of another origin': {
    headers: { ...json, origin: 'https://evil.example.com' },
    body: typename,
  },
  'no body': { headers: json },
  'no JSON': { headers: json, body: '{"query":' },
  'a batch': { headers: strict, body: `[${typename}]` },
  'no object': { headers: json, body: '"{ __typename }"' },
  'no query': { headers: json, body: '{}' },
  'a query of another type': { headers: strict, body: '{"query": 1}' },
  'variables of another type': {
    headers: json,
    body: '{"query": "{ __typename }", "variables": 1}',
  },
  'an unknown parameter': { headers: json, body: '{"query": "{ __typename }", "doc": "1"}' },
  'a syntax error': { headers: json, body: '{"query": "{"}' },
  'a syntax error, strictly': { headers: strict, body: '{"query": "{"}' },
  'an unknown field': { headers: json, body: '{"query": "{ nothing }"}' },
  'an unknown field, strictly': { headers: strict, body: '{"query": "{ nothing }"}' },
  'a missing variable': { headers: json, body: JSON.stringify({ query: operation }) },
  'a wrong variable, strictly': { headers: strict, body: fetchOf({}) },
  'an unknown operation': {
    headers: json,
    body: '{"query": "query A { __typename }", "operationName": "B"}',
  },
  'several operations and no name': {
    headers: json,
    body: '{"query": "query A { __typename } query B { __typename }"}',
  },
  'too many tokens': { headers: json, body: JSON.stringify({ query: `{${'a '.repeat(4_000)}}` }) },
  'bytes that are no UTF-8': { headers: json, body: Buffer.from('{"query": "\xff"}', 'latin1') },
};

describe('the plain route and Yoga’s own', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({
      env: { CORS_ORIGINS: 'https://app.example.com,https://admin.example.com' },
    });
    gateway.upstream.seed({ id: 'ctx_1', user_id: 'alice', context: { step: 1 } });
  });
  afterAll(() => gateway.close());

  async function authorized({ headers, ...request }: RawRequest): Promise<RawRequest> {
    const authorization = `Bearer ${await gateway.freshToken()}`;
    return { ...request, headers: { 'x-request-id': 'same', authorization, ...headers } };
  }

  it.each(Object.entries(requests))('answer alike: %s', async (_name, request) => {
    // The route of plain operations takes the endpoint's very path. Each gets a caller of its own,
    // or the second would have fewer calls left to be told of.
    const [plain, yogas] = await Promise.all([
      send(gateway.url, await authorized(request)),
      send(gateway.url, { ...(await authorized(request)), path: '/graphql/' }),
    ]);
    expect(comparable(plain)).toEqual(comparable(yogas));
  });
});

function comparable({ status, headers, body }: RawAnswer) {
  const ofTheConnection = ['date', 'connection', 'keep-alive', 'transfer-encoding'];
  const entries = Object.entries(headers).filter(([name]) => !ofTheConnection.includes(name));
  return { status, headers: Object.fromEntries(entries), body };
}
