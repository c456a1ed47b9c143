import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { apiKey, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { runOne } from '../support/operations.ts';
import type { RecordedRequest } from '../support/upstream-exchange.ts';

const ids = [
  ['ctx_123', 'ctx_123'],
  ['1234567890123456789', '1234567890123456789'],
  ['a/b?c#d%2e ü', 'a%2Fb%3Fc%23d%252e%20%C3%BC'],
  ['..%2f', '..%252f'],
  ['...', '...'],
  ['%2e%2e', '%252e%252e'],
  ['a\r\nb: c', 'a%0D%0Ab%3A%20c'],
  ['😀', '%F0%9F%98%80'],
  ['a+b&c=d;e', 'a%2Bb%26c%3Dd%3Be'],
] as const;

const update = `mutation ($id: ID!, $input: UpdateExecutionContextInput!) {
  updateExecutionContext(id: $id, input: $input) { __typename } }`;
const create = `mutation ($input: CreateExecutionContextInput!) {
  createExecutionContext(input: $input) { __typename } }`;
const remove = 'mutation ($id: ID!) { deleteExecutionContext(id: $id) { __typename } }';
const fetchOne = 'query ($id: ID!) { executionContext(id: $id) { __typename } }';
const list = `query ($page: Int!, $perPage: Int!, $agentId: ID, $workflowId: ID) {
  executionContexts(page: $page, perPage: $perPage, agentId: $agentId, workflowId: $workflowId) {
    __typename } }`;

/** The request that one operation of an administrator makes. */
async function requestOf(
  gateway: TestGateway,
  query: string,
  variables: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<RecordedRequest> {
  gateway.upstream.clear();
  await gateway.ask(query, variables, { token: await gateway.freshToken(), headers });
  const [request, ...more] = gateway.upstream.requests;
  if (request === undefined || more.length > 0) throw new Error('one request was expected');
  return request;
}

describe('a request to the API', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(() => gateway.close());

  it.each(ids)('has the id %j in its path as %s', async (id, encoded) => {
    const path = `/ai-execution-context/${encoded}`;
    const input = { sessionId: 's' };
    expect(await requestOf(gateway, fetchOne, { id })).toMatchObject({ method: 'GET', path });
    expect(await requestOf(gateway, update, { id, input })).toMatchObject({ method: 'PUT', path });
    expect(await requestOf(gateway, remove, { id })).toMatchObject({ method: 'DELETE', path });
  });

  it.each([
    [
      'both fields',
      { context: { a: [1] }, sessionId: 's' },
      '{"context":{"a":[1]},"session_id":"s"}',
    ],
    ['the context', { context: [] }, '{"context":[]}'],
    ['a context of false', { context: false }, '{"context":false}'],
    ['a context of zero', { context: 0 }, '{"context":0}'],
    ['an empty string', { context: '' }, '{"context":""}'],
    ['the session', { sessionId: 's' }, '{"session_id":"s"}'],
    ['the session, null being no change', { context: null, sessionId: 's' }, '{"session_id":"s"}'],
    ['nulls within', { context: { a: null } }, '{"context":{"a":null}}'],
    ['an id that came as a number', { sessionId: 7 }, '{"session_id":"7"}'],
  ])('updates %s', async (_, input, body) => {
    expect((await requestOf(gateway, update, { id: 'ctx_1', input })).body).toBe(body);
  });

  it.each([
    ['only an agent', { agentId: 'a' }, { agent_id: 'a' }],
    [
      'everything',
      { agentId: 'a', workflowId: 'w', userId: 'u', sessionId: 's', context: { b: 1 } },
      { agent_id: 'a', workflow_id: 'w', user_id: 'u', session_id: 's', context: { b: 1 } },
    ],
    ['nulls', { agentId: 'a', workflowId: null, context: null }, { agent_id: 'a' }],
  ])('creates with %s', async (_, input, body) => {
    const request = await requestOf(gateway, create, { input });
    expect(request).toMatchObject({ method: 'POST', path: '/ai-execution-context' });
    expect(JSON.parse(request.body)).toEqual({ user_id: expect.any(String) as string, ...body });
  });

  it.each([
    [{ page: 1, perPage: 20 }, 'page=1&per_page=20'],
    [{ page: 7, perPage: 100 }, 'page=7&per_page=100'],
    [
      { page: 1, perPage: 1, agentId: 'a', workflowId: 'w' },
      'page=1&per_page=1&agent_id=a&workflow_id=w',
    ],
    [{ page: 1, perPage: 1, agentId: 'a&page=2' }, 'page=1&per_page=1&agent_id=a%26page%3D2'],
    [{ page: 1, perPage: 1, agentId: null }, 'page=1&per_page=1'],
  ])('lists %j', async (variables, query) => {
    expect(await requestOf(gateway, list, variables)).toMatchObject({
      method: 'GET',
      path: `/ai-execution-context?${query}`,
      body: '',
    });
  });

  it('has these headers and no other', async () => {
    const { headers } = await requestOf(
      gateway,
      update,
      { id: 'ctx_1', input: { sessionId: 's' } },
      {
        'x-request-id': 'request-7',
        cookie: 'session=secret',
        'x-api-key': 'secret',
        'x-forwarded-for': '10.0.0.1',
        'accept-language': 'de',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        tracestate: 'vendor=1',
      },
    );
    expect(headers).toEqual({
      host: new URL(gateway.upstream.url).host,
      connection: 'keep-alive',
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'execution-context-gateway',
      'x-request-id': 'request-7',
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      'content-length': '18',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: 'vendor=1',
    });
  });

  it('has no body, and no type of one, where there is nothing to send', async () => {
    const { headers, body } = await requestOf(gateway, remove, { id: 'ctx_1' });
    expect(headers).not.toHaveProperty('content-type');
    expect(body).toBe('');
  });

  it('carries a request id of the gateway where the client sent none it can take', async () => {
    const variables = { id: 'ctx_1' };
    const made = await requestOf(gateway, fetchOne, variables);
    expect(made.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    const replaced = await requestOf(gateway, fetchOne, variables, { 'x-request-id': 'a b' });
    expect(replaced.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('a request to an API that decides for itself', () => {
  it("carries the caller's token, and never the gateway's key", async () => {
    const gateway = await startTestGateway({ env: { UPSTREAM_AUTH: 'forward' } });
    const token = await gateway.tokenOf('alice');
    await gateway.ask(fetchOne, { id: 'ctx_1' }, { token, headers: { cookie: 'session=secret' } });
    const [request] = gateway.upstream.requests.filter(({ method }) => method === 'GET');
    expect(request?.headers.authorization).toBe(`Bearer ${token}`);
    expect(JSON.stringify(request?.headers)).not.toMatch(/secret|test-api-key/);
    await gateway.close();
  });

  it('answers a refused token as the caller to sign in again', async () => {
    const gateway = await startTestGateway({ env: { UPSTREAM_AUTH: 'forward' } });
    gateway.upstream.always(({ response }) => {
      response.writeHead(401).end('{"message":"key sk_live_1 is bad"}');
    });
    const result = await runOne(gateway, 'fetch', 'ctx_1');
    expect(result.__typename).toBe('ExecutionContextAuthenticationError');
    expect(result.message).not.toContain('sk_live');
    await gateway.close();
  });
});

describe('a request to an API below a path', () => {
  it.each(['/v1/api', '/v1/api/'])('keeps the path %s', async (prefix) => {
    const gateway = await startTestGateway({ upstreamPath: prefix });
    expect((await requestOf(gateway, fetchOne, { id: 'ctx_1' })).path).toBe(
      '/v1/api/ai-execution-context/ctx_1',
    );
    await gateway.close();
  });
});
