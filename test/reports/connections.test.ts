import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import { defaultRequestTimeoutMs } from '../../src/doors/node/listening-server.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { createGate } from '../support/upstream-gate.ts';
import {
  answersTo,
  closing,
  dial,
  headerIn,
  lines,
  post,
  statusesIn,
  typename,
} from '../support/wire.ts';

const read = JSON.stringify({ query: '{ executionContext(id: "ctx_1") { __typename } }' });
const health = lines('GET /health HTTP/1.1', 'host: gateway', '', '');

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    env: { MAX_BODY_BYTES: '1000', LIVE_POLL_MS: '200', CORS_ORIGINS: 'https://app.example.com' },
  });
  gateway.upstream.seed({ id: 'ctx_1' });
});
afterAll(() => gateway.close());
afterEach(() => {
  gateway.upstream.clear();
});

async function authorization(): Promise<string> {
  return `authorization: Bearer ${await gateway.freshToken()}`;
}

/** The logged line of the request with this id. */
async function lineOf(requestId: string, at = gateway): Promise<Record<string, unknown>> {
  const find = () =>
    at
      .logs()
      .split('\n')
      .find(
        (line) =>
          line.includes(`"${requestId}"`) &&
          /"msg":"(?:request|malformed HTTP request)"/.test(line),
      );
  const line = await vi.waitUntil(find, { timeout: 5_000 });
  return JSON.parse(line) as Record<string, unknown>;
}

async function metrics(): Promise<string> {
  return (await fetch(`${gateway.url}/metrics`)).text();
}

describe('bytes behind a request that are no request', () => {
  it.each([
    ['a probe', health],
    ['an operation', post(typename)],
    ['several', health + post(typename) + health],
  ])('get a 400 of their own after the answers before it: %s', async (_, requests) => {
    const answers = await answersTo(gateway.url, `${requests}garbage\r\n\r\n`);
    const expected = requests.match(/HTTP\/1.1/g)?.map(() => 200) ?? [];
    expect(statusesIn(answers)).toEqual([...expected, 400]);
  });

  it('wait for an answer that takes its time', async () => {
    const gate = createGate();
    gateway.upstream.always(gate.hold());
    const answers = answersTo(gateway.url, `${post(read, await authorization())}garbage\r\n\r\n`);
    await gate.reached(1);
    gate.open();
    expect(statusesIn(await answers)).toEqual([200, 400]);
    expect(await answers).toContain('"AiExecutionContext"');
  });

  it('are logged by the id that they were answered with, and counted', async () => {
    const answer = await answersTo(gateway.url, 'garbage\r\n\r\n');
    expect(statusesIn(answer)).toEqual([400]);
    const requestId = headerIn(answer, 'x-request-id') ?? '';
    expect(await lineOf(requestId)).toMatchObject({ code: 'HPE_INVALID_METHOD' });
    expect(await metrics()).toMatch(/gateway_http_refusals_total\{code="HPE_INVALID_METHOD"\} \d/);
  });
});

describe('a body that is no body', () => {
  it.each(['no number\r\n', '5\r\nabcdefgh\r\n', 'fffffffffffffffff\r\n'])(
    'is refused as what its headers say who sent it: %j',
    async (chunk) => {
      const requestId = `bad-chunk-${chunk.length}`;
      const head = lines(
        'POST /graphql HTTP/1.1',
        'host: gateway',
        'content-type: application/json',
        'transfer-encoding: chunked',
        `x-request-id: ${requestId}`,
        'origin: https://app.example.com',
        '',
        '',
      );
      const answer = await answersTo(gateway.url, head + chunk);
      expect(statusesIn(answer)).toEqual([400]);
      expect(headerIn(answer, 'x-request-id')).toBe(requestId);
      expect(headerIn(answer, 'access-control-allow-origin')).toBe('https://app.example.com');
      expect(await lineOf(requestId)).toMatchObject({ status: 400, path: '/graphql' });
    },
  );
});

describe('a client that closes its side after its request', () => {
  it.each([
    ['a probe', () => health],
    ['an operation', () => post(typename)],
    ['two', () => post(typename) + health],
    ['an operation at the API', async () => post(read, await authorization())],
  ])('gets its answer: %s', async (_, requests) => {
    const answers = await answersTo(gateway.url, await requests(), { thenClose: true });
    expect(statusesIn(answers)).not.toContain(400);
    expect(statusesIn(answers).at(-1)).toBe(200);
  });

  it('gets it however long that takes', async () => {
    const gate = createGate();
    gateway.upstream.always(gate.hold());
    const request = post(read, await authorization());
    const answers = answersTo(gateway.url, request, { thenClose: true });
    await gate.reached(1);
    await new Promise((resolve) => setTimeout(resolve, 400));
    gate.open();
    expect(statusesIn(await answers).filter((status) => status !== 102)).toEqual([200]);
    expect(await answers).toContain('"AiExecutionContext"');
  });
});

describe('a client that closes its side while it reads a stream', () => {
  const subscription = JSON.stringify({
    query:
      'subscription { executionContextUpdated(id: "ctx_1") { ... on AiExecutionContext { context } } }',
  });

  /** Reads until the first event is there. */
  async function subscribe(requestId: string) {
    gateway.upstream.seed({ id: 'ctx_1', user_id: 'alice', context: 'first' });
    const token = `authorization: Bearer ${await gateway.tokenOf('alice')}`;
    const socket = await dial(gateway.url);
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    const accept = 'accept: text/event-stream';
    socket.write(post(subscription, token, accept, `x-request-id: ${requestId}`));
    await vi.waitUntil(() => received.includes('"first"'));
    return { socket, received: () => received };
  }

  it('reads on', async () => {
    const { socket, received } = await subscribe('half-closed-stream');
    socket.end();
    await once(socket, 'finish');
    // It is asked whether it is there, and is.
    await vi.waitUntil(() => /first[^]*\r\n:\n\n/.test(received()));
    gateway.upstream.seed({ id: 'ctx_1', user_id: 'alice', context: 'second' });
    await vi.waitUntil(() => received().includes('"second"'), { timeout: 10_000 });
    socket.destroy();
    expect(await lineOf('half-closed-stream')).toMatchObject({ status: 499 });
  });

  it('is noticed at once where it has left', async () => {
    const { socket } = await subscribe('gone-stream');
    const leftAt = performance.now();
    socket.destroy();
    expect(await lineOf('gone-stream')).toMatchObject({ status: 499 });
    expect(performance.now() - leftAt).toBeLessThan(2_000);
  });
});

describe('a client that leaves before its answer', () => {
  it.each(['close', 'reset'] as const)('is logged and counted as 499, by %s', async (how) => {
    const gate = createGate();
    gateway.upstream.always(gate.hold());
    const requestId = `gone-by-${how}`;
    const socket = await dial(gateway.url);
    socket.write(post(read, await authorization(), `x-request-id: ${requestId}`));
    await gate.reached(1);
    if (how === 'close') socket.destroy();
    else socket.resetAndDestroy();
    expect(await lineOf(requestId)).toMatchObject({ status: 499, complete: false });
    expect(await metrics()).toMatch(/status="499"/);
    gate.open();
  });
});

describe('a client that leaves with several requests under way on one connection', () => {
  const stream = JSON.stringify({
    query: 'subscription { executionContextUpdated(id: "ctx_1") { __typename } }',
  });

  it.each([
    ['streams', stream],
    ['a stream and an answer behind it', typename],
  ])('leaves none of them behind: %s', async (name, second) => {
    const asked = [await authorization(), 'accept: text/event-stream, application/json'];
    const socket = await dial(gateway.url);
    const ids = ['first', 'second'].map((which) => `${which}-of-${name.replaceAll(' ', '-')}`);
    socket.write(
      post(stream, ...asked, `x-request-id: ${ids[0]}`) +
        post(second, ...asked, `x-request-id: ${ids[1]}`),
    );
    await once(socket, 'data');
    const inFlight = /gateway_requests_in_flight (\d+)/;
    await expect.poll(async () => inFlight.exec(await metrics())?.[1]).toBe('2');
    socket.destroy();
    for (const id of ids) {
      expect(await lineOf(id)).toMatchObject({ status: 499, complete: false });
    }
    expect(await metrics()).toContain('gateway_streams_open 0\n');
    expect(await metrics()).toContain('gateway_requests_in_flight 0\n');
  });
});

describe('a client that waits for 100 Continue', () => {
  /** Sends the head alone, and the body once it may. */
  async function ask(body: string, ...headers: readonly string[]): Promise<string> {
    const request = post(body, 'expect: 100-continue', closing, ...headers);
    const at = request.indexOf('\r\n\r\n') + 4;
    const socket = await dial(gateway.url);
    let received = '';
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString();
      if (received === 'HTTP/1.1 100 Continue\r\n\r\n') socket.write(request.slice(at));
    });
    socket.write(request.slice(0, at));
    await once(socket, 'end');
    socket.end();
    return received;
  }

  it('gets it, and then its answer', async () => {
    expect(statusesIn(await ask(typename))).toEqual([100, 200]);
  });

  it.each([
    ['too large a body', ' '.repeat(1_001), [], 413],
    ['nothing that can be sent', typename, ['accept: text/html'], 406],
    ['no JSON', typename, ['content-type: text/plain'], 415],
    ['compressed', typename, ['content-encoding: gzip'], 415],
    ['two tokens', typename, ['authorization: Bearer a', 'authorization: Bearer b'], 400],
  ])('is refused without it: %s', async (_, body, headers, status) => {
    expect(statusesIn(await ask(body, ...headers))).toEqual([status]);
  });
});

describe('a client that is slow', () => {
  const requestTimeoutMs = 500;
  let impatient: TestGateway;
  beforeAll(async () => {
    impatient = await startTestGateway({ requestTimeoutMs });
  });
  afterAll(() => impatient.close());

  it.concurrent.each([
    ['before its first byte', '', null],
    ['within its headers', 'POST / HTTP/1.1\r\nhost: x\r\n', null],
    ['within its body', post(typename, 'x-request-id: so-slow').slice(0, -5), 'so-slow'],
  ])('is cut off once its time is up, and not at twice that time: %s', async (_, bytes, id) => {
    const begunAt = performance.now();
    const answer = await answersTo(impatient.url, bytes);
    const tookMs = performance.now() - begunAt;
    expect(statusesIn(answer)).toEqual([408]);
    expect(tookMs).toBeGreaterThan(requestTimeoutMs - 50);
    // Node looks once a second.
    expect(tookMs).toBeLessThan(requestTimeoutMs + 1_500);
    const requestId = headerIn(answer, 'x-request-id') ?? '';
    expect(await lineOf(requestId, impatient)).toMatchObject(
      id === null ? { code: 'ERR_HTTP_REQUEST_TIMEOUT' } : { status: 408, requestId: id },
    );
  });

  it('has the time that the README says, for which no test should wait', () => {
    expect(readFileSync('README.md', 'utf8')).toContain(
      `A client has ${defaultRequestTimeoutMs / 1_000} s to send a request, then it gets 408.`,
    );
  });
});

describe('a connection that is kept and idle', () => {
  it('is closed after KEEP_ALIVE_TIMEOUT_MS, which its answers tell', async () => {
    const brief = await startTestGateway({ env: { KEEP_ALIVE_TIMEOUT_MS: '1000' } });
    const begunAt = performance.now();
    const answer = await answersTo(brief.url, health);
    const tookMs = performance.now() - begunAt;
    expect(headerIn(answer, 'keep-alive')).toBe('timeout=1');
    expect(tookMs).toBeGreaterThan(900);
    expect(tookMs).toBeLessThan(4_000);
    await brief.close();
    expect(headerIn(await answersTo(gateway.url, health, { thenClose: true }), 'keep-alive')).toBe(
      'timeout=75',
    );
  });
});
