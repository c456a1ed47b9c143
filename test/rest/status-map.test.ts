import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import {
  ConflictError,
  ForbiddenError,
  InputError,
  NotFoundError,
  type TypedError,
} from '../../src/errors.ts';
import { Malformed, type RestClient } from '../../src/rest/client.ts';
import type { RestOperation } from '../../src/rest/request.ts';
import { reply, replyError } from '../support/upstream-faults.ts';
import { operations, requestOf, startApi, type TestApi } from './calls.ts';

describe('an answer that is no success', () => {
  let api: TestApi;
  let client: RestClient;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.close());
  beforeEach(() => {
    // A circuit of its own for each: an outage in one is none of the next.
    client = api.createClient();
    api.upstream.clear();
  });

  function errorOf(operation: RestOperation = operations.fetch): Promise<TypedError> {
    const { writes } = operation;
    const request = requestOf({ operation, ...(writes && { body: '{}' }) });
    return client
      .ask(request, () => null)
      .then(
        () => {
          throw new Error('a failure was expected');
        },
        (error: unknown) => error as TypedError,
      );
  }

  it.each([
    [403, ForbiddenError, 'You may not touch this thing.'],
    [404, NotFoundError, 'There is no such thing.'],
    [410, NotFoundError, 'There is no such thing.'],
    [409, ConflictError, 'The thing is in a state that does not allow this.'],
    [412, ConflictError, 'The thing has changed in the meantime.'],
    [413, InputError, 'The input is larger than the API accepts.'],
  ])('names what the operation is about: %d', async (status, kind, message) => {
    api.upstream.always(reply(status));
    const error = await errorOf();
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toBe(message);
  });

  it.each([404, 410])('knows what was asked for: %d', async (status) => {
    api.upstream.always(reply(status));
    expect(await errorOf(operations.delete)).toMatchObject({ resourceId: 'ctx_1' });
  });

  it.each([400, 403, 404, 409, 412, 413, 422, 429])(
    "has the API's own words, be it of an error or of a problem: %d",
    async (status) => {
      api.upstream.always(replyError(status, 'Says the API.'));
      expect((await errorOf()).message).toBe('Says the API.');
      const problem = { 'content-type': 'application/problem+json' };
      api.upstream.always(reply(status, { title: 'No', detail: 'Says the API.' }, problem));
      expect((await errorOf()).message).toBe('Says the API.');
    },
  );

  it.each([401, 402, 408, 500, 502, 503, 504, 520])(
    'has no words of the API where they are not for the caller: %d',
    async (status) => {
      api.upstream.always(reply(status, { message: 'sk_live', detail: 'sk_live' }));
      const { message } = await errorOf(operations.update);
      expect(message).toMatch(/^The API /);
      expect(message).not.toContain('sk_live');
    },
  );

  it('has a sentence of its own for what is gone, whatever the API says', async () => {
    api.upstream.always(replyError(410, 'Says the API.'));
    expect((await errorOf()).message).toBe('There is no such thing.');
  });

  const failed = 'UPSTREAM_FAILED';
  const timeout = 'UPSTREAM_TIMEOUT';
  it.each([
    [408, timeout, true],
    [500, failed, true],
    [502, failed, true],
    [503, 'UPSTREAM_UNAVAILABLE', true],
    [504, timeout, true],
    [301, failed, false],
    [401, failed, false],
    [418, failed, false],
    [501, failed, false],
  ])('is retryable only where that may help: %d', async (status, code, retryable) => {
    api.upstream.always(reply(status));
    expect(await errorOf()).toMatchObject({ code, retryable, status });
    expect(await errorOf(operations.update)).toMatchObject({ code, retryable, status });
    // A creation that the API has seen may have been made.
    expect(await errorOf(operations.create)).toMatchObject({ code, retryable: false, status });
  });

  it.each([
    [204, true, false],
    [408, true, false],
    [500, true, false],
    [502, true, true],
    [503, true, false],
    [504, true, true],
    [520, true, false],
    [418, false, false],
  ])(
    'knows what may be applied, and what may yet be: %d',
    async (status, mayBeApplied, mayGoOn) => {
      api.upstream.always(reply(status));
      const request = requestOf({ operation: operations.update, body: '{}' });
      const asked = client.ask(request, () => new Malformed('nothing'));
      await expect(asked).rejects.toMatchObject({ mayBeApplied, mayGoOn });
    },
  );

  it('is about the caller where its own token was refused', async () => {
    client = api.createClient({ apiKey: null });
    api.upstream.always(reply(401, { message: 'sk_live' }));
    const error = await errorOf();
    expect(error).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(error.message).toBe('The API does not accept this session token.');
  });

  it.each([
    ['Retry-After', { 'retry-after': '1.2' }, { retryAfterMs: 2_000 }],
    ['RateLimit', { ratelimit: '"minute";r=0;t=30' }, { retryAfterMs: 30_000 }],
    [
      'a window that has nothing left',
      {
        'x-ratelimit-60s-limit': '50',
        'x-ratelimit-60s-remaining': '0',
        'x-ratelimit-60s-reset': '41',
      },
      { retryAfterMs: 41_000, limit: 50, windowMs: 60_000 },
    ],
    ['nothing', {}, { retryAfterMs: 1_000, limit: null, windowMs: null }],
  ])('waits as the API says by %s', async (_, headers, wait) => {
    api.upstream.always(reply(429, undefined, headers));
    expect(await errorOf()).toMatchObject({
      code: 'RATE_LIMITED',
      source: 'UPSTREAM',
      message: "The API's rate limit was exceeded.",
      ...wait,
    });
  });
});
