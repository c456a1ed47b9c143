import { once } from 'node:events';
import { connect } from 'node:net';

import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  applyThen,
  dripBody,
  dripHeaders,
  gzipBomb,
  hang,
  hangUp,
  hangUpWhenReused,
  hugeBody,
  informational,
  invalidHttp,
  passThrough,
  redirect,
  reply,
  replyError,
  reset,
  resetMidBody,
  sequence,
  truncatedJson,
} from './upstream-faults.ts';
import type { Answer } from './upstream-exchange.ts';
import { createGate } from './upstream-gate.ts';
import { startUpstream } from './upstream.ts';
import type { Upstream } from './upstream.ts';

const path = '/ai-execution-context/ctx_1';
let upstream: Upstream;
let dispatcher: Agent;

beforeEach(async () => {
  upstream = await startUpstream({ contexts: [{ id: 'ctx_1', context: { step: 1 } }] });
  dispatcher = new Agent({ connections: 1 });
});

afterEach(async () => {
  await dispatcher.destroy();
  await upstream.close();
});

async function call(method: 'GET' | 'PUT' | 'DELETE' = 'GET', body?: string, signal?: AbortSignal) {
  const answer = await request(upstream.url + path, {
    method,
    dispatcher,
    ...(body !== undefined && { body }),
    ...(signal && { signal }),
  });
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
}

describe('what the upstream answers', () => {
  it('is the API of the contract until told otherwise', async () => {
    expect((await call('PUT', '{"context":{"step":2},"session_id":null}')).status).toBe(200);
    expect(JSON.parse((await call()).text)).toEqual({ id: 'ctx_1', context: { step: 2 } });
    expect((await call('DELETE')).status).toBe(204);
    expect((await call()).status).toBe(404);
  });

  it('is the same under any path prefix', async () => {
    const answer = await request(`${upstream.url}/v1/eu${path}`, { dispatcher });
    expect(await answer.body.json()).toEqual({ id: 'ctx_1', context: { step: 1 } });
  });

  it('is logged as it came off the wire', async () => {
    await request(`${upstream.url}/p%2Fq?a=%20`, { dispatcher, headers: { 'x-request-id': 'r1' } });
    await call('PUT', '{"context":9007199254740993}');
    expect(upstream.requests).toMatchObject([
      { method: 'GET', path: '/p%2Fq?a=%20', headers: { 'x-request-id': 'r1' }, body: '' },
      { method: 'PUT', path, body: '{"context":9007199254740993}', ordinalOnConnection: 2 },
    ]);
    expect(upstream.connections).toBe(1);
  });

  it('comes from the queue first, then from the newest rule, then from the API', async () => {
    upstream.on('GET', path, replyError(404, 'gone'));
    upstream.on('GET', /^\/ai/, reply(503, '<html>', { 'content-type': 'text/html' }));
    upstream.on('PUT', path, reply(500));
    upstream.next(reply(200, { id: 'x' }), passThrough());
    expect((await call()).text).toBe('{"id":"x"}');
    expect((await call()).status).toBe(200);
    expect(await call()).toMatchObject({ status: 503, headers: { 'content-type': 'text/html' } });
    upstream.clear();
    expect((await call()).status).toBe(200);
    expect(upstream.requests).toHaveLength(1);
  });

  it('can follow a sequence whose last answer stays', async () => {
    upstream.always(sequence(reply(502), reply(503), passThrough()));
    const statuses = [await call(), await call(), await call(), await call()].map((a) => a.status);
    expect(statuses).toEqual([502, 503, 200, 200]);
  });

  it('can be held at a gate', async () => {
    const gate = createGate();
    upstream.always(gate.hold(reply(200, 'late')));
    const calls = [fetch(upstream.url), fetch(upstream.url)];
    await gate.reached(2);
    gate.open();
    const answers = (await Promise.all(calls)).map((answer) => answer.text());
    expect(await Promise.all(answers)).toEqual(['late', 'late']);
  });
});

describe('faults', () => {
  it.each<[string, Answer, object]>([
    ['reset', reset(), { code: 'ECONNRESET' }],
    ['hangUp', hangUp(), { code: 'UND_ERR_SOCKET' }],
    [
      'resetMidBody',
      resetMidBody(),
      { code: expect.stringMatching(/^(ECONNRESET|UND_ERR_SOCKET)$/) as string },
    ],
    ['invalidHttp', invalidHttp(), { name: 'HTTPParserError' }],
    ['interim answer, then nothing', informational(150, hangUp()), { code: 'UND_ERR_SOCKET' }],
  ])('%s fails the call', async (_, fault, error) => {
    upstream.next(fault);
    await expect(call()).rejects.toMatchObject(error);
    expect((await call()).status).toBe(200);
  });

  it.each<[string, Answer]>([
    ['hang', hang()],
    ['dripBody', dripBody({ everyMs: 1 })],
    ['dripHeaders', dripHeaders({ everyMs: 1 })],
  ])('%s ends only when the client gives up, which the log shows', async (_, fault) => {
    upstream.next(fault);
    const cancel = new AbortController();
    const refused = expect(call('GET', undefined, cancel.signal)).rejects.toThrow('aborted');
    await upstream.received(1);
    cancel.abort();
    await refused;
    await upstream.requests[0]?.abandoned;
  });

  it('hangUpWhenReused closes just the kept-alive connection', async () => {
    upstream.always(hangUpWhenReused());
    expect((await call()).status).toBe(200);
    await expect(call()).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
    expect((await call()).status).toBe(200);
    expect(upstream.connections).toBe(2);
  });

  it('applyThen fails after the write was applied', async () => {
    upstream.next(applyThen(reset()));
    await expect(call('PUT', '{"context":2}')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(upstream.stored('ctx_1')).toMatchObject({ context: 2 });
  });

  it('spoil the body in whole answers', async () => {
    upstream.next(truncatedJson(), hugeBody(100_000), gzipBomb(10_000_000), redirect('/x', 307));
    const [truncated, huge, bomb, redirected] = [
      await call(),
      await call(),
      await call(),
      await call(),
    ];
    expect(() => JSON.parse(truncated.text) as unknown).toThrow(SyntaxError);
    expect(huge.text.length).toBeGreaterThan(100_000);
    expect(bomb.headers['content-encoding']).toBe('gzip');
    expect(bomb.text.length).toBeLessThan(50_000);
    expect(redirected).toMatchObject({ status: 307, headers: { location: '/x' } });
  });

  it('may come after an informational answer', async () => {
    upstream.next(informational(103));
    expect((await call()).status).toBe(200);
  });
});

describe('the listener', () => {
  it('refuses connections while stopped and is back on the same port', async () => {
    await upstream.stop();
    await expect(call()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await upstream.start();
    expect((await call()).status).toBe(200);
  });

  it('closes at once, whatever is under way', async () => {
    upstream.always(hang());
    const refused = expect(call()).rejects.toThrow();
    await upstream.received(1);
    await upstream.close();
    await refused;
    expect(upstream.openConnections).toBe(0);
  });

  it('reports a defect of the test on close', async () => {
    const faulty = await startUpstream();
    faulty.always(() => {
      throw new Error('a slip in the test');
    });
    const socket = connect(Number(new URL(faulty.url).port), '127.0.0.1');
    socket.end('GET / HTTP/1.1\r\nhost: x\r\n\r\n').resume();
    await once(socket, 'close');
    await expect(faulty.close()).rejects.toThrow('An answer of the upstream threw.');
  });
});
