import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { runOne } from '../support/operations.ts';
import { passThrough, reply, reset, sequence } from '../support/upstream-faults.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { UPSTREAM_TIMEOUT_MS: '3000' } });
});
afterAll(() => gateway.close());
afterEach(() => {
  gateway.upstream.clear();
});

const record = {
  id: 'ctx_1',
  user_id: 'alice',
  agent_id: 'a',
  workflow_id: 'w',
  context: { a: 1 },
};

describe('a created_at that is no RFC 3339 date-time', () => {
  it.each(['2026-01-02T03:04:05', '2026-01-02T03:04:05+0000', '2026-01-02', 'yesterday', ''])(
    'costs that field and nothing else: %j',
    async (created_at) => {
      const odd = { ...record, created_at };
      gateway.upstream.on('GET', /ctx_1/, reply(200, odd));
      gateway.upstream.on(
        'GET',
        '/ai-execution-context',
        reply(200, { data: [odd, { ...record, id: 'ctx_2' }], has_more: false }),
      );
      expect(await runOne(gateway, 'fetch', 'ctx_1')).toMatchObject({
        id: 'ctx_1',
        createdAt: null,
        context: { a: 1 },
      });
      expect((await runOne(gateway, 'list', 'a')).items).toMatchObject([
        { id: 'ctx_1', createdAt: null },
        { id: 'ctx_2', createdAt: null },
      ]);
    },
  );
});

describe('what is malformed in an answer', () => {
  it('is named with its type in the log, without its value', async () => {
    gateway.upstream.always(reply(200, { ...record, session_id: { secret: 'hidden-value' } }));
    expect(await runOne(gateway, 'fetch', 'ctx_1')).toMatchObject({ code: 'UPSTREAM_FAILED' });
    expect(gateway.logs()).toContain('session_id is an object');
    expect(gateway.logs()).not.toContain('hidden-value');
  });
});

describe('a coding of an answer', () => {
  it.each(['identity', 'Identity', 'IDENTITY', ''])('may be none: %j', async (coding) => {
    gateway.upstream.always(reply(200, record, { 'content-encoding': coding }));
    expect(await runOne(gateway, 'fetch', 'ctx_1')).toMatchObject({ id: 'ctx_1' });
  });

  it('is none that the gateway asked for, if it is another', async () => {
    gateway.upstream.always(reply(200, record, { 'content-encoding': 'br' }));
    expect(await runOne(gateway, 'fetch', 'ctx_1')).toMatchObject({ code: 'UPSTREAM_FAILED' });
  });
});

describe('the status of an answer', () => {
  it.each([200, 202, 204, 205])('is a success of a deletion: %i', async (status) => {
    gateway.upstream.seed({ id: 'ctx_1', user_id: 'alice' });
    gateway.upstream.on('DELETE', () => true, reply(status));
    expect(await runOne(gateway, 'delete', 'ctx_1')).toMatchObject({ deletedId: 'ctx_1' });
  });

  it.each(['fetch', 'update'] as const)('410 is 404 of a %s', async (operation) => {
    gateway.upstream.always(reply(410));
    expect(await runOne(gateway, operation, 'ctx_1')).toMatchObject({
      code: 'NOT_FOUND',
      missing: 'ctx_1',
    });
  });

  it('has its own words in RFC 9457’s detail, too', async () => {
    const type = { 'content-type': 'application/problem+json' };
    const problem = { type: 'about:blank', title: 'Bad', status: 422, detail: 'The agent sleeps.' };
    gateway.upstream.always(reply(422, problem, type));
    expect(await runOne(gateway, 'create', 'a')).toMatchObject({
      code: 'INVALID_INPUT',
      message: 'The agent sleeps.',
    });
  });
});

describe('the wait that the API asks for', () => {
  it('is waited for before a read is repeated', async () => {
    gateway.upstream.seed({ id: 'ctx_1', user_id: 'alice' });
    gateway.upstream.always(sequence(reply(503, '', { 'retry-after': '1' }), passThrough()));
    const begunAt = performance.now();
    expect(await runOne(gateway, 'fetch', 'ctx_1')).toMatchObject({ id: 'ctx_1' });
    expect(performance.now() - begunAt).toBeGreaterThan(950);
  });

  it('is no wait where it is longer than what is left of the deadline', async () => {
    gateway.upstream.always(reply(503, '', { 'retry-after': '60' }));
    const begunAt = performance.now();
    expect(await runOne(gateway, 'fetch', 'ctx_1')).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      retryable: true,
    });
    expect(performance.now() - begunAt).toBeLessThan(900);
    expect(gateway.upstream.requests).toHaveLength(1);
  });

  it.each([
    [{ 'retry-after': '1.2' }, 1_200, 2_000],
    [{ ratelimit: '"burst";r=0;t=7' }, 7_000, 7_000],
    [{ ratelimit: '"a";r=0;t=7, "b";r=3;t=90, "c";r=0;t=9' }, 9_000, 9_000],
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '5' }, 5_000, 5_000],
    [{ 'retry-after': '3', ratelimit: '"burst";r=0;t=7' }, 3_000, 3_000],
    [{}, 1_000, 1_000],
  ])('is told to the caller: %o', async (headers, least, most) => {
    gateway.upstream.always(reply(429, '', headers));
    const { code, source, retryAfterMs = -1 } = await runOne(gateway, 'update', 'ctx_1');
    expect({ code, source }).toEqual({ code: 'RATE_LIMITED', source: 'UPSTREAM' });
    expect(retryAfterMs).toBeGreaterThanOrEqual(least);
    expect(retryAfterMs).toBeLessThanOrEqual(most);
  });
});

describe('an API that drops HEAD', () => {
  it('leaves no replica unready', async () => {
    const { upstream } = gateway;
    upstream.on('HEAD', () => true, reset());
    const other = await startTestGateway({ env: { UPSTREAM_URL: upstream.url } });
    const status = async () => (await fetch(`${other.url}/ready`)).status;
    await expect.poll(status, { timeout: 10_000 }).toBe(200);
    await other.close();
  });
});
