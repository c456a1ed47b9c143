import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createConnections } from '../../src/rest/connections.ts';
import type { DeadlineEntry } from '../../src/rest/deadlines.ts';
import { createExchange } from '../../src/rest/exchange.ts';
import type { Answer, Outcome } from '../../src/rest/outcome.ts';
import type { RestClient } from '../../src/rest/client.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import {
  gzipBomb,
  hang,
  hugeBody,
  informational,
  invalidHttp,
  raw,
  reply,
} from '../support/upstream-faults.ts';
import {
  anybody,
  ObservedCancellation,
  operations,
  requestOf,
  send,
  startApi,
  type TestApi,
} from './calls.ts';

const write = { operation: operations.update, body: '{"session_id":"s"}' };
const http = (...lines: string[]) => raw(Buffer.from(lines.join('\r\n'), 'latin1'));

describe('an exchange', () => {
  let api: TestApi;
  let upstream: Upstream;
  let causes: (Error | null)[];
  let client: RestClient;
  beforeEach(async () => {
    api = await startApi();
    upstream = api.upstream;
    causes = [];
    client = api.createClient({
      observer: { exchanged: (_operation, _result, _ms, _id, cause) => causes.push(cause) },
    });
  });
  afterEach(() => api.close());

  async function answerTo(request = {}): Promise<Answer> {
    const outcome = await send(client, request);
    if (outcome.kind !== 'answer') throw outcome.cause;
    return outcome;
  }

  const textOf = ({ body }: Answer) => body?.slice(0, body.bytes.length) ?? null;

  describe('reads a body', () => {
    it.each(['identity', 'Identity', 'IDENTITY', '', ' identity , identity'])(
      'whose Content-Encoding is no compression: %j',
      async (encoding) => {
        upstream.always(http(...ok('content-length: 2', `Content-Encoding: ${encoding}`), '{}'));
        expect(textOf(await answerTo())).toBe('{}');
      },
    );

    it('that comes in many pieces', async () => {
      upstream.always(({ response }) => {
        response.writeHead(200);
        for (const piece of ['{"a":', '"ü', '€', '"}']) response.write(piece);
        response.end();
      });
      expect(textOf(await answerTo())).toBe('{"a":"ü€"}');
    });

    it('without the mark before it', async () => {
      upstream.always(reply(200, '\uFEFF{}'));
      expect(textOf(await answerTo())).toBe('{}');
    });

    it('that is empty', async () => {
      upstream.always(reply(204));
      expect(textOf(await answerTo())).toBe('');
    });

    it('after informational answers', async () => {
      upstream.always(informational(103, informational(102, reply(200, '{}'))));
      expect(textOf(await answerTo())).toBe('{}');
    });
  });

  const ok = (...headers: string[]) => ['HTTP/1.1 200 OK', ...headers, '', ''].slice(0, -1);

  it.each([
    ['compressed', gzipBomb(1_024), 'a body that is compressed, which was declined'],
    ['compressed twice', reply(200, '{}', { 'content-encoding': 'identity, br' }), 'compressed'],
    ['too large by its own word', hugeBody(17 * 1024 * 1024), 'more than 16777216 bytes'],
    ['too large for an error', reply(500, 'x'.repeat(1_100_000)), 'more than 1048576 bytes'],
    ['not UTF-8', http(...ok('content-length: 1'), '\xff'), 'not UTF-8'],
  ])('refuses a body that is %s, and keeps the status', async (_, fault, refusal) => {
    upstream.always(fault);
    const { body, status, refusal: told } = await answerTo(write);
    expect([200, 500]).toContain(status);
    expect(body).toBeNull();
    expect(told).toContain(refusal);
  });

  it('refuses a body once it is too large, where its length was not said', async () => {
    upstream.always(async ({ response, gone }) => {
      response.writeHead(200);
      const piece = 'x'.repeat(1024 * 1024);
      while (!gone.aborted) {
        response.write(piece);
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    expect(await answerTo()).toMatchObject({ status: 200, body: null });
  });

  it('keeps the headers of an answer', async () => {
    const lines = ['X-One: 1', 'x-two: a', 'X-TWO: b', '__proto__: c', 'content-length: 0'];
    upstream.always(http('HTTP/1.1 404 Not Found', ...lines, '', ''));
    const answer = await answerTo();
    expect(answer.header('x-one')).toBe('1');
    expect(answer.header('x-two')).toBe('a');
    expect(answer.header('x-three')).toBeNull();
    expect(Object.entries(answer.headers())).toEqual([
      ['x-one', '1'],
      ['x-two', 'a, b'],
      ['__proto__', 'c'],
      ['content-length', '0'],
    ]);
  });

  it('takes the first of several Retry-After', async () => {
    upstream.always(
      http(
        'HTTP/1.1 429 Too Many',
        'retry-after: 3',
        'retry-after: 4',
        'content-length: 0',
        '',
        '',
      ),
    );
    expect((await answerTo()).header('retry-after')).toBe('3');
    await expect(client.ask(requestOf(), () => 1)).rejects.toMatchObject({ retryAfterMs: 3_000 });
  });

  it('ends with its deadline, and tells that it was sent', async () => {
    upstream.always(hang());
    const outcome = await send(client, { deadline: performance.now() + 50 });
    expect(outcome).toMatchObject({ kind: 'failure', reason: 'timeout', sent: true });
    await upstream.requests[0]?.abandoned;
  });

  it('does not begin after its deadline', async () => {
    const outcome = await send(client, { deadline: performance.now() - 1 });
    expect(outcome).toMatchObject({ kind: 'failure', reason: 'timeout', sent: false });
    expect(upstream.requests).toEqual([]);
  });

  it('ends when the client leaves, where it reads', async () => {
    const departure = new ObservedCancellation();
    upstream.always(hang());
    const sent = send(client, { behalf: { ...anybody, departure } });
    await upstream.received(1);
    departure.cancel();
    expect(await sent).toMatchObject({ reason: 'canceled', sent: true });
    await upstream.requests[0]?.abandoned;
    expect(departure.watchers).toBe(0);
    expect(causes[0]?.message).toBe('the client has left');
  });

  it('ends when it is canceled, where it writes, and does not blame the client', async () => {
    const cancellation = new ObservedCancellation();
    upstream.always(hang());
    const sent = send(client, { ...write, cancellation });
    await upstream.received(1);
    cancellation.cancel();
    expect(await sent).toMatchObject({ reason: 'canceled', sent: true });
    await upstream.requests[0]?.abandoned;
    expect(causes[0]?.message).toBe('the write was canceled');
  });

  it('does not begin for a client that has left, where it reads', async () => {
    const departure = new ObservedCancellation();
    departure.cancel();
    const outcome = await send(client, { behalf: { ...anybody, departure } });
    expect(outcome).toMatchObject({ reason: 'canceled', sent: false });
    expect(upstream.requests).toEqual([]);
  });

  it('is seen through when the client leaves, where it writes', async () => {
    const departure = new ObservedCancellation();
    departure.cancel();
    const outcome = await send(client, { ...write, behalf: { ...anybody, departure } });
    expect(outcome).toMatchObject({ kind: 'answer', status: 200 });
    expect(upstream.stored('ctx_1')?.session_id).toBe('s');
  });

  it('is not watched once it is over', async () => {
    const departure = new ObservedCancellation();
    await send(client, { behalf: { ...anybody, departure } });
    expect(departure.watchers).toBe(0);
  });

  describe('that fails', () => {
    async function codeOf(request = {}): Promise<[Outcome, string | null]> {
      const outcome = await send(client, { ...write, ...request });
      const [cause] = causes;
      return [outcome, cause ? failureCode(cause) : null];
    }

    it('for an unasked 100 Continue names it, and is typed', async () => {
      upstream.always(informational(100));
      const [outcome, code] = await codeOf();
      expect(outcome).toMatchObject({ reason: 'connection', sent: true });
      expect(code).toBe('UNASKED_100_CONTINUE');
      expect(causes[0]?.message).toBe('a 100 Continue that was not asked for');
      await expect(client.ask(requestOf(write), () => 1)).rejects.toMatchObject({
        code: 'UPSTREAM_FAILED',
        retryable: true,
      });
    });

    it('for an unasked upgrade names it', async () => {
      const upgrade = ['connection: upgrade', 'upgrade: x', '', ''];
      upstream.always(http('HTTP/1.1 101 Switching Protocols', ...upgrade));
      expect((await codeOf())[1]).toBe('UNASKED_UPGRADE');
    });

    it('for another protocol says so', async () => {
      upstream.always(invalidHttp());
      expect((await codeOf())[1]).toBe('HTTPParserError');
    });

    it('for a refused connection says so', async () => {
      await upstream.stop();
      const [outcome, code] = await codeOf();
      expect(outcome).toMatchObject({ reason: 'connection', sent: false });
      expect(code).toBe('ECONNREFUSED');
    });

    it('for a name without an address says so', async () => {
      client = api.createClient({
        url: 'http://api.example',
        lookup: (_host, _options, callback) => {
          callback(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }), []);
        },
        observer: { exchanged: (_operation, _result, _ms, _id, cause) => causes.push(cause) },
      });
      const [outcome, code] = await codeOf();
      expect(outcome).toMatchObject({ reason: 'connection', sent: false });
      expect(code).toBe('ENOTFOUND');
    });
  });
});

it('leaves nothing behind in the list of deadlines', async () => {
  const upstream = await startUpstream({ contexts: [{ id: 'ctx_1' }] });
  const waiting = new Set<DeadlineEntry>();
  const connections = createConnections({
    origin: upstream.url,
    maxConnections: 1,
    connectTimeoutMs: 1_000,
    lifeMs: 30_000,
  });
  const exchange = createExchange({
    connections,
    deadlines: {
      add: (entry) => void waiting.add(entry),
      remove: (entry) => void waiting.delete(entry),
    },
    prefix: '',
    server: {},
    headersOf: () => [],
    onExchange: () => undefined,
  });
  const asked = new Promise<Outcome>((resolve) => {
    exchange(requestOf(), resolve);
  });
  expect(waiting.size).toBe(1);
  expect(await asked).toMatchObject({ status: 200 });
  expect(waiting.size).toBe(0);
  await connections.close();
  await upstream.close();
});

it('finds the code of a failure at its bottom', () => {
  const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
  expect(failureCode(new Error('y', { cause: refused }))).toBe('ECONNREFUSED');
  expect(failureCode(new AggregateError([refused, new Error('z')]))).toBe('ECONNREFUSED');
  expect(failureCode(new TypeError('y'))).toBe('TypeError');
});

/** The code of the error at the bottom of a failure, or else the name of its class. */
function failureCode(cause: Error): string {
  // Where a name has several addresses, Node tries each and reports all that happened.
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : null;
  if (first instanceof Error) return failureCode(first);
  if ('code' in cause && typeof cause.code === 'string') return cause.code;
  return cause.cause instanceof Error ? failureCode(cause.cause) : cause.name;
}
