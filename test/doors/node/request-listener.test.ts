import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { send } from './request.ts';

const read = '{ executionContext(id: "ctx_1") { ... on ExecutionContextError { requestId } } }';
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.upstream.clear();
});

/** The headers that go upstream with a request with `headers`. */
async function headersUpstream(headers: Readonly<Record<string, string>>) {
  const answer = await gateway.ask(read, {}, { token: await gateway.freshToken(), headers });
  return { answer, upstream: gateway.upstream.requests[0]?.headers ?? {} };
}

describe('the id of a request', () => {
  it.each(['a', '~!"#$%&/()=?', 'x'.repeat(128)])('is the client’s own: %s', async (id) => {
    const { answer, upstream } = await headersUpstream({ 'x-request-id': id });
    expect(answer.headers.get('x-request-id')).toBe(id);
    expect(answer.body).toMatchObject({ data: { executionContext: { requestId: id } } });
    expect(upstream['x-request-id']).toBe(id);
  });

  it.each(['', 'two words', 'x'.repeat(129), 'caf\xe9'])('is made anew for: %s', async (id) => {
    const { answer, upstream } = await headersUpstream({ 'x-request-id': id });
    expect(answer.headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
    expect(upstream['x-request-id']).toBe(answer.headers.get('x-request-id'));
  });

  it('is in the one line that is logged of the request', async () => {
    await headersUpstream({ 'x-request-id': 'find-me' });
    const lines = () =>
      gateway
        .logs()
        .split('\n')
        .filter((line) => line.includes('"msg":"request"') && line.includes('"find-me"'));
    await expect.poll(() => lines().length).toBe(1);
    expect(JSON.parse(lines()[0] ?? '')).toMatchObject({
      level: 'info',
      requestId: 'find-me',
      method: 'POST',
      path: '/graphql',
      status: 200,
      complete: true,
      operation: 'query',
      results: { NOT_FOUND: 1 },
    });
  });
});

describe('the trace context of a request', () => {
  it.each([
    { traceparent },
    { traceparent, tracestate: 'vendor=value,other=1' },
    { traceparent: `cc${traceparent.slice(2)}-of-a-later-version` },
  ])('goes upstream as it came: %o', async (trace) => {
    const { upstream } = await headersUpstream(trace);
    expect(upstream).toMatchObject(trace);
  });

  it.each([
    ['of no form', 'x'],
    ['of no trace', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
    ['of no parent', `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`],
    ['of no version', `ff${traceparent.slice(2)}`],
    ['longer than its version says', `${traceparent}-more`],
    ['in capitals', traceparent.toUpperCase()],
  ])('stays here where it is %s', async (_name, wrong) => {
    const { upstream } = await headersUpstream({ traceparent: wrong, tracestate: 'a=b' });
    expect(upstream).not.toHaveProperty('traceparent');
    expect(upstream).not.toHaveProperty('tracestate');
  });
});

describe('another path', () => {
  it('is told where GraphQL is', async () => {
    const response = await fetch(`${gateway.url}/elsewhere`);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      errors: [
        {
          message: 'There is nothing at this path. GraphQL is at /graphql.',
          extensions: { code: 'NOT_FOUND' },
        },
      ],
    });
  });
});

describe('a router secret', () => {
  let guarded: TestGateway;
  beforeAll(async () => {
    guarded = await startTestGateway({ env: { ROUTER_SECRET: 's3cret', GRAPHIQL: 'true' } });
  });
  afterAll(() => guarded.close());

  const body = JSON.stringify({ query: '{ __typename }' });
  const json = { 'content-type': 'application/json' };

  it('opens the endpoint', async () => {
    const headers = { ...json, 'x-router-secret': 's3cret' };
    expect(await send(guarded.url, { headers, body })).toMatchObject({ status: 200 });
  });

  it.each([{}, { 'x-router-secret': 'guess' }, { 'x-router-secret': '' }])(
    'is asked of every request: %o',
    async (headers) => {
      for (const path of ['/graphql', '/graphql/', '/graphql/graphiql/x']) {
        const post = await send(guarded.url, { path, headers: { ...json, ...headers }, body });
        expect(post.status).toBe(403);
        const get = await send(guarded.url, {
          method: 'GET',
          path,
          headers: { accept: 'text/html', ...headers },
        });
        expect(get.status).toBe(403);
      }
    },
  );

  it('switches GraphiQL off, for those who have it too', async () => {
    const headers = { accept: 'text/html', 'x-router-secret': 's3cret' };
    const answer = await send(guarded.url, { method: 'GET', headers });
    expect(answer.body).not.toContain('<html');
  });
});
