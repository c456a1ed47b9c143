import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { dataOf } from '../support/ask.ts';
import { createClock } from '../support/clock.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts';
import { applyThen, replyError, reset } from '../support/upstream-faults.ts';
import { eventually, metric, watch, type EventReader, type WatchOptions } from './streams.ts';

const pollMs = 50;

let gateway: TestGateway;
let token: string;
const readers: EventReader[] = [];

async function start({ env, ...options }: TestGatewayOptions = {}): Promise<void> {
  gateway = await startTestGateway({ ...options, env: { LIVE_POLL_MS: String(pollMs), ...env } });
  token = await gateway.tokenOf('alice');
  store({ step: 1 });
}

/** Writes past the gateway, as an agent does. */
function store(context: unknown, more: object = {}): void {
  const own = { id: 'ctx_1', user_id: 'alice', session_id: 's1', ...more };
  gateway.upstream.seed({ ...own, context });
}

async function open(options: WatchOptions & { readonly id?: string } = {}): Promise<EventReader> {
  const reader = await watch(gateway.url, options.id ?? 'ctx_1', { token, ...options });
  readers.push(reader);
  return reader;
}

async function update(context: unknown): Promise<void> {
  const document = `mutation ($id: ID!, $context: JSON) {
    updateExecutionContext(id: $id, input: { context: $context }) { __typename }
  }`;
  const answer = await gateway.ask(document, { id: 'ctx_1', context }, { token });
  expect(dataOf(answer)).toEqual({ updateExecutionContext: { __typename: 'AiExecutionContext' } });
}

const streamsOpen = () => metric(gateway.url, 'gateway_streams_open');
const reads = () => gateway.upstream.requests.filter(({ method }) => method === 'GET').length;

afterEach(async () => {
  for (const reader of readers.splice(0)) reader.leave();
  await gateway.close();
});

describe('a stream of server-sent events', () => {
  beforeEach(() => start());

  it.each(['first', 'second'])('shows the state, then each new one: the %s time', async (time) => {
    // A document that was sent before is executed by its plan, and has to do the same.
    if (time === 'second') (await open()).leave();
    const reader = await open();
    expect(reader).toMatchObject({ status: 200 });
    expect(reader.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(reader.headers['ratelimit']).toMatch(/"burst";r=1[89];t=1/);
    const first = await reader.next();
    expect(first).toMatchObject({ id: 'ctx_1', context: { step: 1 }, sessionId: 's1' });
    await update({ step: 2 });
    const second = await reader.next();
    expect(second).toMatchObject({ context: { step: 2 } });
    expect(second?.version).not.toBe(first?.version);
    store({ step: 3 });
    expect(await reader.next()).toMatchObject({ context: { step: 3 } });
  });

  it('says nothing of a write or a poll that leaves the version as it is', async () => {
    const reader = await open();
    await reader.next();
    await update({ step: 1 });
    store({ step: 1 }, { created_at: '2025-01-01T00:00:00Z' });
    await sleep(4 * pollMs);
    store({ step: 2 });
    expect(await reader.next()).toMatchObject({ context: { step: 2 } });
    expect(reads()).toBeGreaterThan(4);
  });

  it('keeps a state with line feeds in it on one line, to the digit', async () => {
    gateway.upstream.always(async ({ response }) => {
      response.setHeader('content-type', 'application/json');
      response.end('{"id":"ctx_1","user_id":"alice","context":{\n  "big": 9007199254740993\r\n}}');
    });
    for (const time of ['first', 'second']) {
      const reader = await open();
      await reader.next();
      expect(reader.text(), time).toMatch(
        /^data: .*"context":\{ {3}"big": 9007199254740993 \}.*$/m,
      );
    }
  });

  it.each([
    ['text/event-stream', 200],
    ['*/*', 200],
    ['text/*', 200],
    [null, 200],
    ['application/json, text/event-stream;q=0.1', 200],
    ['text/event-stream; charset="utf-8"', 200],
    ['application/json', 406],
    ['application/graphql-response+json, application/json;q=0.9', 406],
    ['*/*, text/event-stream;q=0', 406],
  ])('answers Accept: %s with %i, before anything runs', async (accept, status) => {
    for (const time of ['first', 'second']) {
      gateway.upstream.clear();
      const reader = await open({ accept });
      expect(reader.status, time).toBe(status);
      if (status === 200) {
        expect(await reader.next()).toMatchObject({ context: { step: 1 } });
      } else {
        await reader.ended();
        expect(reads()).toBe(0);
        expect(reader.headers['ratelimit']).toBeUndefined();
        expect(JSON.parse(reader.text())).toMatchObject({
          errors: [{ extensions: { code: 'NOT_ACCEPTABLE' } }],
        });
        // So that the next one has a plan.
        (await open()).leave();
        await eventually(streamsOpen, 0);
      }
    }
  });

  it.each([
    ['no token', { token: undefined }, 'UNAUTHENTICATED'],
    ['a bad token', { token: 'none' }, 'UNAUTHENTICATED'],
    ['a bad id', { id: '' }, 'INVALID_INPUT'],
    ['an id that nobody has', { id: 'missing' }, 'NOT_FOUND'],
  ])('answers %s with one event, and completes', async (_, options, code) => {
    for (const time of ['first', 'second']) {
      const reader = await open(options);
      const events = await reader.rest();
      expect(events, time).toMatchObject([{ code, requestId: reader.headers['x-request-id'] }]);
      expect(await reader.ended()).toBe(true);
    }
    expect(await streamsOpen()).toBe(0);
  });

  it("shows nobody somebody else's context", async () => {
    const reader = await open({ token: await gateway.tokenOf('bob') });
    expect(await reader.rest()).toMatchObject([{ code: 'FORBIDDEN' }]);
    expect(reader.text()).not.toContain('step');
  });

  it('ends with FORBIDDEN when the context comes to belong to somebody else', async () => {
    const reader = await open();
    await reader.next();
    // The state is the same: it is the owner that counts.
    store({ step: 1 }, { user_id: 'bob' });
    expect(await reader.rest()).toMatchObject([{ code: 'FORBIDDEN' }]);
    expect(await reader.ended()).toBe(true);
    expect(await metric(gateway.url, 'gateway_stream_ends_total{reason="FORBIDDEN"}')).toBe(1);
  });

  it('says that the context was deleted, and completes', async () => {
    const reader = await open();
    await reader.next();
    const document = 'mutation { deleteExecutionContext(id: "ctx_1") { __typename } }';
    expect(dataOf(await gateway.ask(document, {}, { token }))).toEqual({
      deleteExecutionContext: { __typename: 'DeletedExecutionContext' },
    });
    expect(await reader.rest()).toMatchObject([{ deletedId: 'ctx_1' }]);
    expect(await reader.ended()).toBe(true);
  });

  it('notices a delete past the gateway', async () => {
    const reader = await open();
    await reader.next();
    gateway.upstream.always(async ({ response }) => void response.writeHead(404).end());
    expect(await reader.rest()).toMatchObject([{ deletedId: 'ctx_1' }]);
    // Whose it was is not remembered: by now it is somebody else's.
    gateway.upstream.clear();
    store({ step: 2 }, { user_id: 'bob' });
    const document = `mutation {
      updateExecutionContext(id: "ctx_1", input: { context: 0 }) { __typename }
    }`;
    expect(dataOf(await gateway.ask(document, {}, { token }))).toEqual({
      updateExecutionContext: { __typename: 'ExecutionContextForbiddenError' },
    });
    expect(gateway.upstream.stored('ctx_1')).toMatchObject({ context: { step: 2 } });
  });

  it('outlives two failed reads in a row, and ends with the third', async () => {
    const reader = await open();
    await reader.next();
    let failures = 2;
    gateway.upstream.always(async ({ response, ...exchange }) => {
      if (failures-- > 0) response.writeHead(500).end();
      else {
        const { status, headers, body } = await exchange.api();
        response.writeHead(status, headers).end(body);
      }
    });
    store({ step: 2 });
    expect(await reader.next()).toMatchObject({ context: { step: 2 } });
    failures = Infinity;
    expect(await reader.rest()).toMatchObject([{ code: 'UPSTREAM_FAILED' }]);
    expect(await reader.ended()).toBe(true);
  });

  it('gives a slow reader the latest state, and no queue of old ones', async () => {
    const padding = 'x'.repeat(400_000);
    store({ step: 0, padding });
    const reader = await open();
    await reader.next();
    reader.pause();
    for (let step = 1; step <= 60; step += 1) {
      store({ step, padding });
      const before = reads();
      await eventually(() => reads() > before + 1, true);
    }
    reader.resume();
    const steps: unknown[] = [];
    while (steps.at(-1) !== 60) {
      steps.push(((await reader.next())?.context as { step: number }).step);
    }
    // Some fit into the buffers of the sockets.
    expect(steps.length).toBeLessThan(40);
    expect(steps).toEqual([...steps].sort((one, other) => Number(one) - Number(other)));
  }, 30_000);

  it('charges subscribing as one read, and events as nothing', async () => {
    const reader = await open();
    for (let step = 2; step < 8; step += 1) {
      await reader.next();
      store({ step });
    }
    const answer = await gateway.ask('{ executionContexts { __typename } }', {}, { token });
    expect(answer.headers.get('ratelimit')).toMatch(/"minute";r=98|"burst";r=18/);
  });

  it('is released within a second after its client has left, and polls no more', async () => {
    const reader = await open();
    await reader.next();
    expect(await streamsOpen()).toBe(1);
    const leftAt = performance.now();
    reader.leave();
    expect(await eventually(streamsOpen, 0)).toBe(0);
    expect(performance.now() - leftAt).toBeLessThan(1_000);
    const before = reads();
    await sleep(5 * pollMs);
    expect(reads()).toBe(before);
    expect(await metric(gateway.url, 'gateway_stream_ends_total{reason="client"}')).toBe(1);
  });

  it('is released though its client left before the first state came', async () => {
    let answer = (): void => undefined;
    gateway.upstream.always(async ({ response, ...exchange }) => {
      await new Promise<void>((resolve) => (answer = resolve));
      const { status, headers, body } = await exchange.api();
      response.writeHead(status, headers).end(body);
    });
    const leaving = watch(gateway.url, 'ctx_1', { token });
    leaving.catch(() => undefined);
    await gateway.upstream.received(1);
    expect(await streamsOpen()).toBe(1);
    const aborted = new AbortController();
    const second = fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({
        query: 'subscription { executionContextUpdated(id: "ctx_1") { __typename } }',
      }),
      signal: aborted.signal,
    }).catch(() => undefined);
    expect(await eventually(streamsOpen, 2)).toBe(2);
    aborted.abort();
    await second;
    expect(await eventually(streamsOpen, 1)).toBe(1);
    answer();
    const reader = await leaving;
    await reader.next();
    reader.leave();
    expect(await eventually(streamsOpen, 0)).toBe(0);
  });

  it('reads a context once for all who watch it', async () => {
    const watching = await Promise.all(Array.from({ length: 12 }, () => open()));
    for (const reader of watching) await reader.next();
    const before = reads();
    await sleep(20 * pollMs);
    const polls = reads() - before;
    expect(polls).toBeGreaterThan(10);
    expect(polls).toBeLessThanOrEqual(22);
    store({ step: 2 });
    for (const reader of watching) {
      expect(await reader.next()).toMatchObject({ context: { step: 2 } });
    }
  });

  it('ends without complete when the gateway shuts down, and has one line in the log', async () => {
    const watching = [await open(), await open()];
    for (const reader of watching) await reader.next();
    await gateway.close();
    for (const reader of watching) {
      expect(await reader.rest()).toEqual([]);
      expect(await reader.ended()).toBe(false);
      const id = String(reader.headers['x-request-id']);
      const lines = gateway
        .logs()
        .split('\n')
        .filter((line) => line.includes(id));
      expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
        { operation: 'subscription', complete: true, results: { AiExecutionContext: 1 } },
      ]);
    }
    await start();
  });
});

describe('the limits of streams', () => {
  it('refuses one more than a user may have, at no charge, until one of theirs ends', async () => {
    await start({ env: { LIVE_STREAMS_PER_USER: '2' } });
    const first = await open();
    await open();
    const third = await open();
    expect(await third.rest()).toMatchObject([
      { code: 'RATE_LIMITED', source: 'GATEWAY', limit: 2 },
    ]);
    expect(third.headers['ratelimit']).toMatch(/"minute";r=98|"burst";r=18/);
    const other = await open({ token: await gateway.freshToken() });
    expect(await other.next()).toMatchObject({ context: { step: 1 } });
    first.leave();
    await eventually(streamsOpen, 2);
    expect(await (await open()).next()).toMatchObject({ context: { step: 1 } });
  });

  it('refuses one more than the gateway may have', async () => {
    await start({ env: { LIVE_STREAMS: '1' } });
    await (await open()).next();
    const second = await open({ token: await gateway.freshToken() });
    expect(await second.rest()).toMatchObject([
      { code: 'RATE_LIMITED', source: 'GATEWAY', limit: 1 },
    ]);
  });
});

describe('a stream whose token expires', () => {
  it('ends with UNAUTHENTICATED, and shows nothing that came after', async () => {
    const clock = createClock(Date.now());
    await start({ clock });
    const reader = await open();
    await reader.next();
    clock.advance(24 * 3_600_000);
    store({ step: 2 });
    expect(await reader.rest()).toMatchObject([{ code: 'UNAUTHENTICATED' }]);
    expect(reader.text()).not.toContain('"step":2');
    expect(await reader.ended()).toBe(true);
  });

  it('ends though nothing is read any more', async () => {
    const clock = createClock(Date.now());
    await start({ clock, env: { LIVE_POLL_MS: '0' } });
    const reader = await open();
    await reader.next();
    clock.advance(24 * 3_600_000);
    expect(await reader.rest()).toMatchObject([{ code: 'UNAUTHENTICATED' }]);
  });
});

describe('with LIVE_POLL_MS=0', () => {
  const mergeNothing =
    'mutation { mergeExecutionContext(id: "ctx_1", input: { patch: { step: 1 } }) { __typename } }';
  const remove = 'mutation { deleteExecutionContext(id: "ctx_1") { __typename } }';

  it('shows what writes have done whose outcome is unknown', async () => {
    await start({ env: { LIVE_POLL_MS: '0' } });
    const reader = await open();
    await reader.next();
    gateway.upstream.on('PUT', /./, applyThen(replyError(500, 'no')));
    gateway.upstream.on('DELETE', /./, applyThen(reset()));
    const document = `mutation {
      updateExecutionContext(id: "ctx_1", input: { context: { step: 2 } }) { __typename }
    }`;
    const failed = { __typename: 'ExecutionContextUpstreamError' };
    const answer = await gateway.ask(document, {}, { token });
    expect(dataOf(answer)).toEqual({ updateExecutionContext: failed });
    expect(await reader.next()).toMatchObject({ context: { step: 2 } });
    expect(dataOf(await gateway.ask(remove, {}, { token }))).toEqual({
      deleteExecutionContext: failed,
    });
    expect(await reader.rest()).toMatchObject([{ deletedId: 'ctx_1' }]);
  });

  it('reads nothing for a merge that had nothing to write', async () => {
    await start({ env: { LIVE_POLL_MS: '0' } });
    const reader = await open();
    await reader.next();
    gateway.upstream.clear();
    const answer = await gateway.ask(mergeNothing, {}, { token });
    expect(dataOf(answer)).toEqual({
      mergeExecutionContext: { __typename: 'AiExecutionContext' },
    });
    await update({ step: 2 });
    expect(await reader.next()).toMatchObject({ context: { step: 2 } });
    // What the merge builds on, the update, and what the stream shows of it.
    expect(gateway.upstream.requests.map(({ method }) => method)).toEqual(['GET', 'PUT', 'GET']);
  });

  it('shows writes through the gateway, and reads nothing else', async () => {
    await start({ env: { LIVE_POLL_MS: '0' } });
    const reader = await open();
    await reader.next();
    store({ step: 2 });
    await sleep(300);
    expect(reads()).toBe(1);
    await update({ step: 3 });
    expect(await reader.next()).toMatchObject({ context: { step: 3 } });
  });
});

describe('with UPSTREAM_AUTH=forward', () => {
  it("reads for each stream with its own caller's token, whose refusal ends it alone", async () => {
    await start({ env: { UPSTREAM_AUTH: 'forward' } });
    const bob = await gateway.tokenOf('bob');
    const own = await open();
    const other = await open({ token: bob });
    await own.next();
    await other.next();
    gateway.upstream.clear();
    await sleep(6 * pollMs);
    const tokens = gateway.upstream.requests.map(({ headers }) => headers.authorization);
    expect(new Set(tokens)).toEqual(new Set([`Bearer ${token}`, `Bearer ${bob}`]));
    gateway.upstream.always(async ({ request, response, ...exchange }) => {
      if (request.headers.authorization === `Bearer ${bob}`) response.writeHead(403).end();
      else {
        const { status, headers, body } = await exchange.api();
        response.writeHead(status, headers).end(body);
      }
    });
    expect(await other.rest()).toMatchObject([{ code: 'FORBIDDEN' }]);
    store({ step: 2 });
    expect(await own.next()).toMatchObject({ context: { step: 2 } });
    const document = `mutation {
      updateExecutionContext(id: "ctx_1", input: { context: 0 }) { __typename }
    }`;
    await gateway.ask(document, {}, { token: bob });
    const asked = gateway.upstream.requests.filter(
      ({ headers }) => headers.authorization === `Bearer ${bob}`,
    );
    expect(asked.at(-1)?.method).toBe('GET');
  });
});
