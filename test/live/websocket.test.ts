import { once } from 'node:events';
import { connect } from 'node:net';
import { createClient, type Client } from 'graphql-ws';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

import { subprotocol } from '../../src/doors/node/websocket-session.ts';
import {
  answersTo,
  dial,
  headerIn,
  statusesIn,
  webSocketHandshake,
  webSocketMessage,
} from '../support/wire.ts';
import { createClock } from '../support/clock.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts';
import { startReplica } from '../support/replica.ts';
import { eventually, metric, watchDocument, type StreamEvent } from './streams.ts';

let gateway: TestGateway;
let token: string;
const clients: Client[] = [];
const sockets: WebSocket[] = [];

async function start({ env, ...options }: TestGatewayOptions = {}): Promise<void> {
  gateway = await startTestGateway({ ...options, env: { LIVE_POLL_MS: '50', ...env } });
  token = await gateway.tokenOf('alice');
  store({ step: 1 });
}

/** Writes past the gateway, as an agent does. */
function store(context: unknown): void {
  gateway.upstream.seed({ id: 'ctx_1', user_id: 'alice', session_id: 's1', context });
}

const address = () => `${gateway.url.replace('http', 'ws')}/graphql`;

/** A client as front ends use it, on one connection. */
function client(connectionParams?: Record<string, unknown>): Client {
  const made = createClient({
    url: address(),
    webSocketImpl: WebSocket,
    connectionParams: connectionParams ?? { authorization: `Bearer ${token}` },
    retryAttempts: 0,
    lazyCloseTimeout: 1_000,
  });
  clients.push(made);
  return made;
}

/** A bare connection, for what the client would not send. */
async function open({
  protocol = 'graphql-transport-ws',
  headers = {},
}: { protocol?: string | null; headers?: Record<string, string> } = {}) {
  const socket = new WebSocket(address(), protocol === null ? [] : [protocol], { headers });
  sockets.push(socket);
  const messages: string[] = [];
  const closed = once(socket, 'close').then(([code]) => code as number);
  socket.on('message', (data: Buffer) => messages.push(data.toString()));
  socket.on('error', () => undefined);
  await Promise.race([once(socket, 'open'), closed]);
  return { socket, messages, closed };
}

async function openReady() {
  const connection = await open();
  connection.socket.send(
    JSON.stringify({ type: 'connection_init', payload: { Authorization: `Bearer ${token}` } }),
  );
  await eventually(() => connection.messages.length, 1);
  return connection;
}

async function next(events: AsyncIterator<{ data?: unknown }>): Promise<StreamEvent | null> {
  const result = await events.next();
  if (result.done === true) return null;
  const { data } = result.value as { data: { executionContextUpdated: StreamEvent } };
  return data.executionContextUpdated;
}

const watching = (of: Client) => of.iterate({ query: watchDocument, variables: { id: 'ctx_1' } });
const streamsOpen = () => metric(gateway.url, 'gateway_streams_open');

afterEach(async () => {
  for (const made of clients.splice(0)) void made.dispose();
  for (const socket of sockets.splice(0)) socket.terminate();
  await gateway.close();
});

describe('a WebSocket', () => {
  beforeEach(() => start());

  it.each(['first', 'second'])('streams each new state: the %s time', async (time) => {
    const own = client();
    if (time === 'second') await next(watching(own));
    const events = watching(own);
    expect(await next(events)).toMatchObject({ context: { step: 1 } });
    store({ step: 2 });
    expect(await next(events)).toMatchObject({ context: { step: 2 } });
    await gateway.ask(
      'mutation { deleteExecutionContext(id: "ctx_1") { __typename } }',
      {},
      { token },
    );
    expect(await next(events)).toMatchObject({ deletedId: 'ctx_1' });
    expect(await next(events)).toBeNull();
  });

  it('runs queries and mutations through the same engine, to the digit', async () => {
    const { socket, messages } = await openReady();
    const query = `mutation ($context: JSON) {
      updateExecutionContext(id: "ctx_1", input: { context: $context }) {
        ... on AiExecutionContext { context }
      }
    }`;
    for (const time of ['first', 'second']) {
      messages.length = 0;
      const payload = `{"query":${JSON.stringify(query)},"variables":{"context":{"n":9007199254740993.10,"10":1,"2":2}}}`;
      socket.send(`{"id":"a","type":"subscribe","payload":${payload}}`);
      await eventually(() => messages.length, 2);
      expect(messages, time).toEqual([
        '{"id":"a","type":"next","payload":{"data":{"updateExecutionContext":{"context":{"n":9007199254740993.10,"10":1,"2":2}}}}}',
        '{"id":"a","type":"complete"}',
      ]);
    }
  });

  it('tells that a result is too large, the first time and by its plan', async () => {
    store('x'.repeat(1_000_000));
    const selected = Array.from({ length: 100 }, (_, i) => `c${i}: context`).join(' ');
    const field = `executionContext(id: "ctx_1") { ... on AiExecutionContext { ...C } }`;
    const roots = Array.from({ length: 6 }, (_, i) => `a${i}: ${field}`).join(' ');
    const query = `{ ${roots} } fragment C on AiExecutionContext { ${selected} }`;
    const { socket, messages } = await openReady();
    for (const time of ['first', 'second']) {
      messages.length = 0;
      socket.send(JSON.stringify({ id: 'a', type: 'subscribe', payload: { query } }));
      await eventually(() => messages.length, 2);
      expect(messages, time).toEqual([
        '{"id":"a","type":"next","payload":{"data":null,"errors":[{"message":"The result is larger than 64 MiB: select less at once.","extensions":{"code":"RESULT_TOO_LARGE"}}]}}',
        '{"id":"a","type":"complete"}',
      ]);
    }
  });

  it('charges operations by the limits of their user', async () => {
    const own = client();
    const query = '{ executionContext(id: "ctx_1") { ... on ExecutionContextError { code } } }';
    const codes: unknown[] = [];
    for (let i = 0; i < 25; i += 1) {
      for await (const { data } of own.iterate<{ executionContext: { code?: string } }>({
        query,
      })) {
        codes.push(data?.executionContext.code);
      }
    }
    expect(codes.filter((code) => code === 'RATE_LIMITED').length).toBeGreaterThan(0);
  });

  it.each([
    ['what does not parse', { query: '{' }],
    ['what does not validate', { query: '{ nothing }' }],
    ['variables that are wrong', { query: watchDocument, variables: {} }],
    ['no document', { query: undefined }],
    [
      'an unknown persisted document',
      { extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } },
    ],
  ])('answers %s with an error', async (_, payload) => {
    const { socket, messages } = await openReady();
    messages.length = 0;
    socket.send(JSON.stringify({ id: 'a', type: 'subscribe', payload }));
    await eventually(() => messages.length, 1);
    expect(JSON.parse(messages[0] ?? '')).toMatchObject({
      id: 'a',
      type: 'error',
      payload: [{ message: expect.any(String) as string }],
    });
    expect(socket.readyState).toBe(WebSocket.OPEN);
  });

  it.each([
    ['no operationName', {}],
    ['one that is not there', { operationName: 'C' }],
  ])('answers several operations with %s as HTTP does, and it is no bug', async (_, more) => {
    const payload = { query: 'query A { __typename } query B { __typename }', ...more };
    const { socket, messages } = await openReady();
    messages.length = 0;
    socket.send(JSON.stringify({ id: 'a', type: 'subscribe', payload }));
    await eventually(() => messages.length, 1);
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(payload),
    });
    const { errors } = (await response.json()) as { errors: unknown };
    expect(JSON.parse(messages[0] ?? '')).toEqual({ id: 'a', type: 'error', payload: errors });
    expect(gateway.logs()).not.toContain('"level":"error"');
  });

  it.each([
    ['no JSON', '{', 4400],
    ['no object', '[]', 4400],
    ['an unknown type', '{"type":"start"}', 4400],
    ['an operation without an id', '{"type":"subscribe","payload":{"query":"{ a }"}}', 4400],
    ['a second connection_init', '{"type":"connection_init"}', 4429],
  ])('closes a connection that sends %s', async (_, message, code) => {
    const { socket, closed } = await openReady();
    socket.send(message);
    expect(await closed).toBe(code);
  });

  it('closes a connection that has two operations of one id', async () => {
    const { socket, closed } = await openReady();
    const payload = { query: watchDocument, variables: { id: 'ctx_1' } };
    socket.send(JSON.stringify({ id: 'a', type: 'subscribe', payload }));
    socket.send(JSON.stringify({ id: 'a', type: 'subscribe', payload }));
    expect(await closed).toBe(4409);
    expect(await eventually(streamsOpen, 0)).toBe(0);
  });

  it('closes a connection that subscribes before connection_init', async () => {
    const { socket, closed } = await open();
    socket.send('{"id":"a","type":"subscribe","payload":{"query":"{ __typename }"}}');
    expect(await closed).toBe(4401);
  });

  it('closes a connection without the subprotocol', async () => {
    const { closed } = await open({ protocol: null });
    expect(await closed).toBe(4406);
  });

  it('does nothing any more for a client that broke the protocol', async () => {
    const write = (step: number) =>
      `mutation { updateExecutionContext(id: "ctx_1", input: { context: { step: ${step} } }) { __typename } }`;
    // Known to be permitted, the next write would go out at once.
    await gateway.ask(write(2), {}, { token });
    const { socket, closed } = await openReady();
    socket.send('{"type":"start"}');
    socket.send(JSON.stringify({ id: 'a', type: 'subscribe', payload: { query: write(3) } }));
    expect(await closed).toBe(4400);
    await gateway.ask(write(4), {}, { token });
    const bodies = gateway.upstream.requests.map(({ body }) => body);
    expect(bodies).not.toContainEqual(expect.stringContaining('3'));
  });

  it('answers pings', async () => {
    const { socket, messages } = await openReady();
    socket.send('{"type":"ping","payload":{"at":1.0}}');
    await eventually(() => messages.length, 2);
    expect(messages[1]).toBe('{"type":"pong","payload":{"at":1.0}}');
  });

  it.each([
    ['no parameters', {}],
    ['a bad token', { authorization: 'Bearer none' }],
  ])('takes a connection with %s, and answers what needs a user as it is', async (_, params) => {
    const events = watching(client(params));
    expect(await next(events)).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await next(events)).toBeNull();
  });

  it('releases a stream that its client completes, or whose connection is gone', async () => {
    const own = client();
    const events = [watching(own), watching(own)];
    for (const stream of events) await next(stream);
    expect(await streamsOpen()).toBe(2);
    await events[0]?.return?.();
    expect(await eventually(streamsOpen, 1)).toBe(1);
    own.terminate();
    events[1]?.next().catch(() => undefined);
    expect(await eventually(streamsOpen, 0)).toBe(0);
  });

  it('keeps an operation apart from one of its id that was completed before its answer', async () => {
    const socket = await dial(gateway.url);
    const subscribe = (payload: object) =>
      webSocketMessage({ type: 'subscribe', id: '1', payload });
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.write(
      Buffer.concat([
        Buffer.from(webSocketHandshake('/graphql', [`sec-websocket-protocol: ${subprotocol}`])),
        webSocketMessage({
          type: 'connection_init',
          payload: { authorization: `Bearer ${token}` },
        }),
        subscribe({ query: '{ nothing }' }),
        webSocketMessage({ type: 'complete', id: '1' }),
        subscribe({ query: watchDocument, variables: { id: 'ctx_1' } }),
      ]),
    );
    await eventually(() => answer.includes('"context":{"step":1}'), true);
    // The first one has ended, too.
    await eventually(() => gateway.logs().includes('"operation":"none"'), true);
    expect(await streamsOpen()).toBe(1);
    socket.write(webSocketMessage({ type: 'complete', id: '1' }));
    expect(await eventually(streamsOpen, 0)).toBe(0);
    socket.destroy();
  });

  it('answers what is under way when the gateway shuts down, and closes without completing streams', async () => {
    const { socket, messages, closed } = await openReady();
    const payload = { query: watchDocument, variables: { id: 'ctx_1' } };
    socket.send(JSON.stringify({ id: 'stream', type: 'subscribe', payload }));
    await eventually(() => messages.length, 2);
    const document = 'query { executionContext(id: "ctx_1") { __typename } }';
    let answer = (): void => undefined;
    gateway.upstream.next(async ({ response, ...exchange }) => {
      await new Promise<void>((resolve) => (answer = resolve));
      const { status, headers, body } = await exchange.api();
      response.writeHead(status, headers).end(body);
    });
    const before = gateway.upstream.requests.length;
    socket.send(JSON.stringify({ id: 'query', type: 'subscribe', payload: { query: document } }));
    await gateway.upstream.received(before + 1);
    messages.length = 0;
    const closing = gateway.close();
    await eventually(() => gateway.logs().includes('"operation":"subscription"'), true);
    answer();
    expect(await closed).toBe(1001);
    expect(messages.map((text) => JSON.parse(text) as unknown)).toMatchObject([
      { id: 'query', type: 'next' },
      { id: 'query', type: 'complete' },
    ]);
    await closing;
    expect(gateway.logs()).toMatch(
      /"method":"WEBSOCKET","path":"\/graphql","status":200,"complete":true,.*"operation":"subscription","results":\{"AiExecutionContext":1\}/,
    );
    await start();
  });

  it('passes over upgrades to other protocols', async () => {
    const body = JSON.stringify({ query: '{ __typename }' });
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    socket.write(
      [
        'POST /graphql HTTP/1.1',
        'host: localhost',
        'connection: Upgrade, HTTP2-Settings',
        'upgrade: h2c',
        'http2-settings: AAMAAABkAARAAAAAAAIAAAAA',
        'content-type: application/json',
        `content-length: ${body.length}`,
        '',
        body.slice(0, 5),
      ].join('\r\n'),
    );
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    setTimeout(() => socket.write(body.slice(5)), 50);
    expect(await eventually(() => answer.includes('{"data":{"__typename":"Query"}}'), true)).toBe(
      true,
    );
    // The connection stays one like any other.
    answer = '';
    socket.write('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n');
    expect(await eventually(() => answer.includes('{"status":"ok"}'), true)).toBe(true);
    socket.destroy();
  });

  it('takes a handshake whose target is in absolute form', async () => {
    const answer = await answersTo(
      gateway.url,
      webSocketHandshake(
        'http://gateway.example/graphql?a=b',
        [`sec-websocket-protocol: ${subprotocol}`],
        // A close frame, masked with zeros.
        '\x88\x80\0\0\0\0',
      ),
    );
    expect(answer).toMatch(/^HTTP\/1.1 101 /);
  });
});

describe('a handshake that is refused', () => {
  const none = { path: '*' };
  const operation = { path: '/graphql', operation: 'none', results: {} };

  it.each([
    ['at another path', '/other', [], 404, none],
    ['below the endpoint', '/graphql/other', [], 404, { ...operation, path: '/graphql/*' }],
    ['without the router’s secret', '/graphql', [], 403, operation],
    ['with a wrong one', '/graphql', ['x-router-secret: other'], 403, operation],
    [
      'with two keys',
      '/graphql',
      ['x-router-secret: secret', 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=='],
      400,
      operation,
    ],
  ])('%s has one line in the log, and is counted', async (_, target, headers, status, shown) => {
    await start({ env: { ROUTER_SECRET: 'secret' } });
    const answer = await answersTo(
      gateway.url,
      webSocketHandshake(target, ['x-request-id: refused-1', ...headers]),
    );
    expect(statusesIn(answer)).toEqual([status]);
    expect(headerIn(answer, 'x-request-id')).toBe('refused-1');
    expect(answer).toContain('{"errors":[{"message":');
    const requestLines = () => gateway.logs().match(/.*"msg":"request".*/g) ?? [];
    await eventually(() => requestLines().length, 1);
    expect(requestLines().map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        ...{ level: 'info', msg: 'request', time: expect.any(String) as string },
        ...{ requestId: 'refused-1', method: 'GET', status, complete: true, ...shown },
        durationMs: expect.any(Number) as number,
      },
    ]);
    const counted = 'gateway_request_duration_seconds_count{operation="none",status="4xx"}';
    expect(await metric(gateway.url, counted)).toBe(shown === none ? 0 : 1);
    expect(await metric(gateway.url, 'gateway_requests_in_flight')).toBe(0);
  });
});

describe('a WebSocket whose token expires', () => {
  it('is refused operation by operation', async () => {
    const clock = createClock(Date.now());
    await start({ clock });
    const own = client();
    const stream = watching(own);
    expect(await next(stream)).toMatchObject({ context: { step: 1 } });
    clock.advance(24 * 3_600_000);
    expect(await next(stream)).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await next(stream)).toBeNull();
    expect(await next(watching(own))).toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('a WebSocket whose frames are malformed', () => {
  it.each([
    [[]],
    [['sec-websocket-protocol: other']],
    [[`sec-websocket-protocol: ${subprotocol}`]],
  ])('costs nobody else anything: %j', async (header) => {
    const replica = startReplica({ env: { PORT: '0', SHUTDOWN_DRAIN_MS: '0' } });
    const url = await replica.listening();
    const unmasked = '\x81\x02hi';
    expect(await answersTo(url, webSocketHandshake('/graphql', header, unmasked))).toMatch(
      /^HTTP\/1.1 101 /,
    );
    expect((await fetch(`${url}/health`)).status).toBe(200);
    replica.signal('SIGTERM');
    expect(await replica.ended).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('a WebSocket with MAX_BODY_BYTES', () => {
  it('is closed for a message that is larger', async () => {
    await start({ env: { MAX_BODY_BYTES: '1000' } });
    const { socket, closed } = await openReady();
    socket.send(JSON.stringify({ type: 'ping', payload: { padding: 'x'.repeat(1_000) } }));
    expect(await closed).toBe(1009);
  });
});

describe('a WebSocket without INTROSPECTION', () => {
  it.each([
    ['a field', '{ executionContex(id: "1") { __typename } }', {}],
    [
      'a key of a variable',
      'mutation ($i: UpdateExecutionContextInput!) { updateExecutionContext(id: "1", input: $i) { __typename } }',
      { i: { contex: 1 } },
    ],
  ])('suggests no name for that of %s', async (_, query, variables) => {
    await start({ env: { INTROSPECTION: 'false' } });
    const { socket, messages } = await openReady();
    socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query, variables } }));
    await eventually(() => messages.length, 2);
    expect(messages[1]).toContain('"type":"error"');
    expect(messages[1]).not.toContain('Did you mean');
  });
});

describe('a WebSocket with ROUTER_SECRET', () => {
  it('needs the secret at the handshake', async () => {
    await start({ env: { ROUTER_SECRET: 'secret' } });
    const { socket } = await open({ headers: { 'x-router-secret': 'secret' } });
    expect(socket.readyState).toBe(WebSocket.OPEN);
  });
});
