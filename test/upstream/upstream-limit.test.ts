import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { runOne } from '../support/operations.ts';
import { reply } from '../support/upstream-faults.ts';

const minute = { 'X-RateLimit-60s-Limit': '50', 'X-RateLimit-60s-Remaining': '0' };
const second = { 'X-RateLimit-1s-Limit': '10', 'X-RateLimit-1s-Remaining': '0' };

describe("the API's own limits", () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(() => gateway.close());

  it.each([
    ['nothing where no header tells', {}, {}],
    ['the wait', { 'Retry-After': '7' }, { retryAfterMs: 7_000 }],
    ['a wait within an Int', { 'Retry-After': '99999999999' }, { retryAfterMs: 2_147_483_647 }],
    ['the window that refused', minute, { limit: 50, windowMs: 60_000 }],
    ['the longest that refused', { ...second, ...minute }, { limit: 50, windowMs: 60_000 }],
    [
      'only one that refused',
      { ...minute, ...second, 'X-RateLimit-60s-Remaining': '3' },
      { limit: 10, windowMs: 1_000 },
    ],
    ['no limit that is no number', { ...minute, 'X-RateLimit-60s-Limit': 'many' }, {}],
    ['no limit beyond an Int', { ...minute, 'X-RateLimit-60s-Limit': '2147483648' }, {}],
    ['no window beyond all time', { 'X-RateLimit-9999999s-Remaining': '0' }, {}],
  ])('tell of %s', async (_, headers, told) => {
    gateway.upstream.next(reply(429, { message: 'Slow down.' }, headers));
    expect(await runOne(gateway, 'fetch')).toMatchObject({
      message: 'Slow down.',
      source: 'UPSTREAM',
      retryAfterMs: 1_000,
      limit: null,
      windowMs: null,
      ...told,
    });
  });

  it('are not told in a header that makes some gateways send a mutation again', async () => {
    gateway.upstream.next(reply(429, undefined, { 'Retry-After': '7' }));
    const token = await gateway.freshToken();
    const query = '{ executionContext(id: "ctx_1") { __typename } }';
    const { status, headers } = await gateway.ask(query, {}, { token });
    expect([status, headers.has('retry-after')]).toEqual([200, false]);
  });

  it('are never answered by asking again', async () => {
    gateway.upstream.clear();
    gateway.upstream.always(reply(429, undefined, { 'Retry-After': '0' }));
    expect(await runOne(gateway, 'fetch')).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 0 });
    expect(gateway.upstream.requests).toHaveLength(1);
  });
});
