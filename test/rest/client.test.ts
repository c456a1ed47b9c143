import { performance } from 'node:perf_hooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Malformed, type RestClient, type RestObserver } from '../../src/rest/client.ts';
import type { JsonSource } from '../../src/json/index.ts';
import type { Upstream } from '../support/upstream.ts';
import { hang, hangUp, reply, replyError, reset, sequence } from '../support/upstream-faults.ts';
import { createGate } from '../support/upstream-gate.ts';
import {
  anybody,
  ObservedCancellation,
  operations,
  path,
  requestOf,
  send,
  startApi,
  type TestApi,
} from './calls.ts';

const read = { operation: operations.fetch };
const write = { operation: operations.update, body: '{"session_id":"s"}' };
const create = { operation: operations.create, id: null, body: '{"agent_id":"a"}' };
const remove = { operation: operations.delete };

const wholeText = (body: JsonSource | null) => body?.slice(0, body.bytes.length) ?? null;

describe('a client of the API', () => {
  let api: TestApi;
  let upstream: Upstream;
  beforeEach(async () => {
    api = await startApi();
    upstream = api.upstream;
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await api.close();
  });

  /** A client whose API refuses connections until the first retry. */
  async function createEarlyClient(): Promise<RestClient> {
    vi.spyOn(Math, 'random').mockReturnValue(0.999);
    await upstream.stop();
    return api.createClient({ observer: { retried: () => void upstream.start() } });
  }

  describe('retries', () => {
    const passing = [
      ['502', reply(502)],
      ['503', reply(503)],
      ['504', reply(504)],
      ['a reset', reset()],
      ['a hang-up', hangUp()],
    ] as const;

    it.each(passing)('a read on %s, up to three attempts', async (_, fault) => {
      upstream.always(fault);
      await send(api.createClient(), read);
      expect(upstream.requests).toHaveLength(3);
    });

    it.each(passing)('a read on %s until it is answered', async (_, fault) => {
      upstream.next(fault);
      const outcome = await send(api.createClient(), read);
      expect(outcome).toMatchObject({ kind: 'answer', status: 200 });
      expect(upstream.requests).toHaveLength(2);
    });

    it.each(passing)('no write on %s: it may have been applied', async (_, fault) => {
      upstream.always(fault);
      await send(api.createClient(), write);
      expect(upstream.requests).toHaveLength(1);
    });

    it.each([400, 401, 404, 408, 409, 429, 500, 501, 505, 520])('nothing on %d', async (status) => {
      upstream.always(reply(status));
      await send(api.createClient(), read);
      expect(upstream.requests).toHaveLength(1);
    });

    it('a write of which nothing was sent', async () => {
      const client = await createEarlyClient();
      const outcome = await send(client, write);
      expect(outcome).toMatchObject({ kind: 'answer', status: 200 });
      expect(upstream.stored('ctx_1')).toMatchObject({ session_id: 's' });
    });

    it.each([404, 410])('a deletion, which did not cause a %d itself', async (status) => {
      const client = await createEarlyClient();
      upstream.always(reply(status));
      await expect(client.ask(requestOf(remove), () => 'gone')).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
      expect(upstream.requests).toHaveLength(1);
    });

    it('only while there is time', async () => {
      upstream.always(sequence(reply(503), hang()));
      const startedAt = performance.now();
      const outcome = await send(api.createClient({ timeoutMs: 300 }), read);
      expect(outcome).toMatchObject({ kind: 'failure', reason: 'timeout' });
      expect(performance.now() - startedAt).toBeLessThan(800);
    });

    it('nothing for a client that went away', async () => {
      const departure = new ObservedCancellation();
      upstream.always(reply(503));
      const client = api.createClient({
        observer: {
          retried: () => {
            departure.cancel();
          },
        },
      });
      const outcome = await send(client, { ...read, behalf: { ...anybody, departure } });
      expect(outcome).toMatchObject({ reason: 'canceled' });
      expect(upstream.requests).toHaveLength(1);
    });
  });

  describe('honours Retry-After of an API that is not available', () => {
    it('and asks again no sooner', async () => {
      vi.spyOn(Math, 'random').mockReturnValue(0);
      upstream.next(reply(503, undefined, { 'retry-after': '1' }));
      const startedAt = performance.now();
      const outcome = await send(api.createClient(), read);
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(999);
      expect(outcome).toMatchObject({ kind: 'answer', status: 200 });
      expect(upstream.requests).toHaveLength(2);
    });

    it('as a date, by the wall clock', async () => {
      const now = () => Date.UTC(2025, 0, 1);
      upstream.always(reply(503, undefined, { 'retry-after': 'Wed, 01 Jan 2025 00:00:30 GMT' }));
      await send(api.createClient({ now }), read);
      expect(upstream.requests).toHaveLength(1);
      upstream.clear();
      upstream.next(reply(503, undefined, { 'retry-after': 'Tue, 31 Dec 2024 00:00:00 GMT' }));
      await send(api.createClient({ now }), read);
      expect(upstream.requests).toHaveLength(2);
    });

    it('and gives up at once where there is not as much time', async () => {
      upstream.always(reply(503, undefined, { 'retry-after': '3' }));
      const startedAt = performance.now();
      const client = api.createClient({ timeoutMs: 2_000 });
      await expect(
        client.ask(requestOf({ ...read, deadline: client.deadline() }), () => 1),
      ).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryable: true, status: 503 });
      expect(performance.now() - startedAt).toBeLessThan(1_000);
      expect(upstream.requests).toHaveLength(1);
    });

    it('but not for a client that leaves meanwhile', async () => {
      const departure = new ObservedCancellation();
      upstream.always(reply(503, undefined, { 'retry-after': '5' }));
      const client = api.createClient({ timeoutMs: 10_000 });
      const startedAt = performance.now();
      const sent = send(client, { ...read, behalf: { ...anybody, departure } });
      await upstream.received(1);
      await expect.poll(() => client.pending === 1 && departure.watchers).toBe(1);
      setTimeout(() => {
        departure.cancel();
      }, 50);
      expect(await sent).toMatchObject({ reason: 'canceled' });
      expect(performance.now() - startedAt).toBeLessThan(2_000);
      expect(departure.watchers).toBe(0);
    });

    it('and no other wait: one that cannot be read is none', async () => {
      upstream.next(reply(503, undefined, { 'retry-after': 'soon' }));
      const startedAt = performance.now();
      await send(api.createClient(), read);
      expect(upstream.requests).toHaveLength(2);
      expect(performance.now() - startedAt).toBeLessThan(900);
    });
  });

  describe('has bounds', () => {
    it('on the calls in flight and waiting', async () => {
      const gate = createGate();
      upstream.always(gate.hold());
      const client = api.createClient({ maxPending: 2 });
      const admitted = [send(client, read), send(client, write)];
      const outcome = await send(client, read);
      expect(outcome).toMatchObject({ reason: 'shed', sent: false });
      gate.open();
      await Promise.all(admitted);
      expect((await send(client, read)).kind).toBe('answer');
    });

    it('on its connections', async () => {
      const client = api.createClient({ maxConnections: 2 });
      await Promise.all(Array.from({ length: 20 }, () => send(client, read)));
      expect(upstream.connections).toBe(2);
    });

    it('on the time that a call waits for a connection', async () => {
      const gate = createGate();
      upstream.always(gate.hold());
      const client = api.createClient({ maxConnections: 1, timeoutMs: 200 });
      const first = send(client, { ...read, deadline: performance.now() + 5_000 });
      await gate.reached(1);
      const second = await send(client, write);
      expect(second).toMatchObject({ reason: 'timeout', sent: false });
      gate.open();
      expect((await first).kind).toBe('answer');
    });
  });

  it('calls a creation that was never sent safe to repeat', async () => {
    const gate = createGate();
    upstream.always(gate.hold());
    const client = api.createClient({ maxConnections: 1, timeoutMs: 200 });
    const first = send(client, { ...read, deadline: performance.now() + 5_000 });
    await gate.reached(1);
    const waiting = client.ask(requestOf({ ...create, deadline: client.deadline() }), () => 1);
    await expect(waiting).rejects.toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
      retryable: true,
      message: 'The API did not answer in time.',
    });
    gate.open();
    await first;
    expect(upstream.requests).toHaveLength(1);
  });

  it('spends no connection on a call given up while it waited', async () => {
    const gate = createGate();
    upstream.always(gate.hold());
    const client = api.createClient({ maxConnections: 1 });
    const first = send(client, read);
    await gate.reached(1);
    const departure = new ObservedCancellation();
    const behalf = { ...anybody, departure };
    const waiting = Array.from({ length: 10 }, () => send(client, { ...read, behalf }));
    departure.cancel();
    for (const outcome of await Promise.all(waiting)) {
      expect(outcome).toMatchObject({ reason: 'canceled', sent: false });
    }
    gate.open();
    await first;
    expect(await send(client, read)).toMatchObject({ status: 200 });
    expect(upstream.connections).toBe(1);
    expect(upstream.requests).toHaveLength(2);
  });

  it('answers every one of three hundred calls whose connection is refused', async () => {
    await upstream.stop();
    const client = api.createClient({ maxConnections: 8 });
    const results = await Promise.all(
      Array.from({ length: 300 }, (_, i) => send(client, { ...write, path: `/${i}` })),
    );
    for (const outcome of results) expect(outcome).toMatchObject({ sent: false });
    expect(client.circuitState).toBe('open');
  });

  it('answers for a request that cannot be written', async () => {
    const behalf = { ...anybody, requestId: 'a\nb' };
    const outcome = await send(api.createClient(), { ...remove, behalf });
    expect(outcome).toMatchObject({ kind: 'failure', reason: 'connection', sent: false });
    expect(upstream.requests).toEqual([]);
  });

  it('says when the API has answered for the first time, with whatever status', async () => {
    upstream.always(reply(503));
    expect(await api.createClient().answered()).toBe(true);
  });

  it.each([
    ['drops', hang()],
    ['refuses', reset()],
  ])('hears the first answer of an API that %s HEAD', async (_, fault) => {
    upstream.always(reply(404));
    upstream.on('HEAD', '/', fault);
    expect(await api.createClient().answered()).toBe(true);
    expect(upstream.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET']);
  });

  it('takes the answer to a call for the first, where the API answers nothing else', async () => {
    upstream.on('HEAD', '/', hang());
    const client = api.createClient();
    const answered = client.answered();
    await upstream.received(1);
    await send(client, read);
    expect(await answered).toBe(true);
  });

  it('stops asking for a first answer when it is closed', async () => {
    upstream.always(hang());
    const client = api.createClient();
    const answered = client.answered();
    await upstream.received(1);
    await client.close();
    expect(await answered).toBe(false);
  });

  describe('sends', () => {
    const sentHeaders = () => upstream.requests[0]?.headers;

    it('its own key, and not the token of the caller', async () => {
      const behalf = { ...anybody, revealToken: () => 'secret' };
      await send(api.createClient(), { ...read, behalf });
      expect(sentHeaders()).toMatchObject({
        accept: 'application/json',
        'accept-encoding': 'identity',
        authorization: 'Bearer key',
        'x-request-id': 'request-1',
      });
      expect(JSON.stringify(sentHeaders())).not.toContain('secret');
    });

    it('the token of the caller where it has no key', async () => {
      const client = api.createClient({ apiKey: null });
      expect(client.forwardsToken).toBe(true);
      await send(client, { ...read, behalf: { ...anybody, revealToken: () => 'token' } });
      expect(sentHeaders()).toMatchObject({ authorization: 'Bearer token' });
    });

    it('no authorization where there is neither', async () => {
      await send(api.createClient({ apiKey: null }), read);
      expect(sentHeaders()).not.toHaveProperty('authorization');
    });

    it('the headers of an operation beside its own', async () => {
      const headers = ['if-match', '"v1"', 'Content-Type', 'application/merge-patch+json'];
      await send(api.createClient(), { ...write, headers });
      expect(sentHeaders()).toMatchObject({
        'if-match': '"v1"',
        'content-type': 'application/merge-patch+json',
      });
    });

    it('a body as JSON', async () => {
      await send(api.createClient(), write);
      expect(upstream.requests[0]?.body).toBe('{"session_id":"s"}');
      expect(sentHeaders()).toMatchObject({ 'content-type': 'application/json' });
    });
  });

  describe('reads', () => {
    it('a success with what the resource makes of it', async () => {
      const result = await api.createClient().ask(requestOf(read), (body, answer) => ({
        text: wholeText(body),
        status: answer.status,
      }));
      expect(result).toEqual({ text: '{"id":"ctx_1"}', status: 200 });
    });

    it.each([200, 201, 202, 204, 205, 206, 299])('%d as a success', async (status) => {
      upstream.always(reply(status));
      const client = api.createClient();
      await expect(client.ask(requestOf(remove), () => 'deleted')).resolves.toBe('deleted');
    });

    it('no other status', async () => {
      upstream.always(replyError(304, ''));
      const client = api.createClient();
      await expect(client.ask(requestOf(read), () => 1)).rejects.toMatchObject({ status: 304 });
      upstream.always(reply(404));
      await expect(client.ask(requestOf(remove), () => 1)).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
    });

    it('an answer that is malformed once, and says so without its values', async () => {
      const malformed = vi.fn<NonNullable<RestObserver['malformed']>>();
      const client = api.createClient({ observer: { malformed } });
      const asked = client.ask(requestOf(write), () => new Malformed('created_at is a number'));
      await expect(asked).rejects.toMatchObject({
        code: 'UPSTREAM_FAILED',
        retryable: false,
        status: 200,
        message:
          'The API answered in a way the gateway does not understand. The update may have been applied.',
      });
      expect(malformed.mock.calls).toEqual([['update', 'created_at is a number', 'request-1']]);
    });

    it('a body that was refused as what it was refused for', async () => {
      const malformed = vi.fn<NonNullable<RestObserver['malformed']>>();
      const client = api.createClient({ observer: { malformed } });
      upstream.always(reply(200, '{}', { 'content-encoding': 'gzip' }));
      const asked = client.ask(requestOf(read), (body) =>
        body === null ? new Malformed('no body') : 1,
      );
      await expect(asked).rejects.toMatchObject({ code: 'UPSTREAM_FAILED', retryable: false });
      expect(malformed.mock.calls).toEqual([
        ['fetch', 'a body that is compressed, which was declined', 'request-1'],
      ]);
    });

    it('nothing that its reader throws on', async () => {
      const asked = api.createClient().ask(requestOf(read), () => {
        throw new RangeError('a bug');
      });
      await expect(asked).rejects.toThrow(new RangeError('a bug'));
    });
  });

  it('tells its observer of each exchange, retry and refusal', async () => {
    const told: unknown[][] = [];
    const client = api.createClient({
      maxPending: 1,
      observer: {
        exchanged: (operation, result, durationMs, requestId, cause) => {
          told.push(['exchanged', operation, result, durationMs > 0, requestId, cause]);
        },
        retried: (operation) => told.push(['retried', operation]),
        shed: (operation) => told.push(['shed', operation]),
      },
    });
    upstream.next(reply(503));
    const asked = client.ask(requestOf(read), () => 1);
    await expect(client.ask(requestOf(write), () => 1)).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      retryable: true,
      status: null,
    });
    await asked;
    expect(told).toEqual([
      ['shed', 'update'],
      ['exchanged', 'fetch', 503, true, 'request-1', null],
      ['retried', 'fetch'],
      ['exchanged', 'fetch', 200, true, 'request-1', null],
    ]);
  });

  it('asks below the path of its base URL', async () => {
    await send(api.createClient({ url: `${upstream.url}/v1/api/` }), read);
    expect(upstream.requests[0]?.path).toBe(`/v1/api${path}`);
  });
});
