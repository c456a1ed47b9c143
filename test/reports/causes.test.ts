import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';

import { answerWith } from '../support/issuer.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { runOne } from '../support/operations.ts';
import { describeWithRedis, startRedis, type RedisServer } from '../support/redis.ts';
import { linesOf, readinessOf } from './log-lines.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(env: Readonly<Record<string, string>> = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({ env });
  closing.push(() => gateway.close());
  return gateway;
}

/** What is meant to speak to somebody who does not speak the same: it says `bytes` to whatever comes. */
async function startStranger(bytes: string, port = 0): Promise<string> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', () => socket.write(bytes));
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const nowhere = async () => '127.0.0.1:1';
const unknown = async () => 'no-such-host.invalid:80';
const http = () => startStranger('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n');
const ssh = () => startStranger('SSH-2.0-OpenSSH_9.2\r\n');

describe('the cause', () => {
  it.each([
    ['refused', 'http', nowhere, /^ECONNREFUSED$/],
    ['an unknown name', 'http', unknown, /^(?:ENOTFOUND|EAI_AGAIN)$/],
    ['no TLS', 'https', http, /^(?:ERR_SSL|EPROTO)/],
    ['no HTTP', 'http', ssh, /^(?:HPE_|HTTPParserError)/],
  ])(
    'of an API out of reach is logged, and named while unready: %s',
    async (_, scheme, at, code) => {
      const place = await at();
      const gateway = await start({ UPSTREAM_URL: `${scheme}://${place}/hidden` });
      await expect.poll(() => linesOf(gateway, /the API/).length).toBe(1);
      const [host, port] = place.split(':');
      const [line] = linesOf(gateway, /the API/);
      expect(line).toMatchObject({ level: 'warn', host, port: Number(port), failures: 1 });
      const err = line?.['err'] as { code?: string; type: string };
      const word = err.code ?? err.type;
      expect(word).toMatch(code);
      expect(await readinessOf(gateway)).toMatchObject({
        status: 503,
        reasons: [`upstream: it has not answered yet (${word})`],
      });
      // Calls of users meet the same, and more lines tell nothing more.
      for (let calls = 0; calls < 3; calls += 1) {
        expect((await runOne(gateway, 'create', 'a')).code).toMatch(/^UPSTREAM_/);
      }
      expect(linesOf(gateway, /the API/).length).toBeLessThanOrEqual(2);
      expect(gateway.logs()).not.toContain('hidden');
    },
  );

  it('of an API is logged again when it changes, with how often it was met, and when it is over', async () => {
    const gateway = await start();
    const { upstream } = gateway;
    await upstream.stop();
    for (let calls = 0; calls < 3; calls += 1) await runOne(gateway, 'create', 'a');
    const port = Number(new URL(upstream.url).port);
    await startStranger('SSH-2.0-OpenSSH_9.2\r\n', port);
    for (let calls = 0; calls < 2; calls += 1) await runOne(gateway, 'create', 'a');
    await closing.pop()?.();
    await upstream.start();
    expect(await runOne(gateway, 'create', 'a')).toMatchObject({ agentId: 'a' });
    const lines = linesOf(gateway, /the API/);
    // Each of them at least once.
    expect(lines[1]?.['failures']).toBeGreaterThanOrEqual(3);
    expect(lines).toMatchObject([
      { level: 'warn', host: '127.0.0.1', port, failures: 1, err: { code: 'ECONNREFUSED' } },
      { level: 'warn', host: '127.0.0.1', port, err: { type: 'HTTPParserError' } },
      { level: 'info', msg: 'the API: recovered' },
    ]);
  });

  it.each([
    ['refused', 'http', nowhere, /^ECONNREFUSED$/],
    ['no TLS', 'https', http, /^(?:ERR_SSL|EPROTO)/],
    ['no HTTP', 'http', ssh, /^(?:HPE_|HTTPParserError)/],
  ])('of keys out of reach is logged, and named: %s', async (_, scheme, at, code) => {
    const place = await at();
    const gateway = await start({ JWKS_URL: `${scheme}://${place}/hidden` });
    for (let calls = 0; calls < 5; calls += 1) {
      const { code: answered, message } = await runOne(gateway, 'fetch', 'ctx_1');
      expect(answered).toBe('UPSTREAM_UNAVAILABLE');
      expect(message).not.toContain('127.0.0.1');
    }
    const lines = linesOf(gateway, /issuer's keys/);
    const [host, port] = place.split(':');
    expect(lines).toMatchObject([{ level: 'warn', err: { hostname: host, port: Number(port) } }]);
    const err = lines[0]?.['err'] as { code: string; message: string };
    expect(err.code).toMatch(code);
    expect(err.message).toContain(`${host}:${port}`);
    expect((await readinessOf(gateway)).degraded).toEqual([
      `issuer: its keys cannot be fetched (${err.code})`,
    ]);
    expect(gateway.logs()).not.toContain('hidden');
  });

  it('of keys that are not where they should be is their status, until they are', async () => {
    const gateway = await start();
    gateway.upstream.seed({ id: 'ctx_1', user_id: 'alice' });
    gateway.issuer.answer(answerWith(404, 'hidden'));
    await runOne(gateway, 'fetch', 'ctx_1');
    gateway.issuer.answer(answerWith(503, 'hidden'));
    await runOne(gateway, 'fetch', 'ctx_1');
    expect(linesOf(gateway, /issuer's keys/)).toMatchObject([
      {
        failures: 1,
        err: { code: 'JWKS_STATUS', message: expect.stringContaining('404') as string },
      },
      {
        failures: 1,
        err: { code: 'JWKS_STATUS', message: expect.stringContaining('503') as string },
      },
    ]);
    gateway.issuer.answer(undefined);
    expect(await runOne(gateway, 'fetch', 'ctx_1')).toMatchObject({ id: 'ctx_1' });
    expect(linesOf(gateway, /issuer's keys: recovered/)).toHaveLength(1);
    expect((await readinessOf(gateway)).degraded).toEqual([]);
    expect(gateway.logs()).not.toContain('hidden');
  });
});

describeWithRedis('the cause of a Redis out of reach', () => {
  async function serve(options: readonly string[], port?: number): Promise<RedisServer> {
    const server = await startRedis({ options, ...(port !== undefined && { port }) });
    closing.push(() => server.close());
    return server;
  }
  const atServer =
    (...options: readonly string[]) =>
    async () =>
      new URL((await serve(options)).url).host;

  it.each([
    ['refused', 'redis', nowhere, 'ECONNREFUSED'],
    ['an unknown name', 'redis', unknown, /^(?:ENOTFOUND|EAI_AGAIN)$/],
    ['no Redis', 'redis', http, 'PROTOCOL'],
    ['no TLS', 'rediss', http, /^(?:ERR_SSL|EPROTO)/],
    ['a wrong password', 'redis', atServer('--requirepass', 'right'), 'WRONGPASS'],
  ])('is logged once, and named: %s', async (_, scheme, at, code) => {
    const place = await at();
    const gateway = await start({ REDIS_URL: `${scheme}://ann:hidden@${place}` });
    await expect.poll(() => linesOf(gateway, /Redis/).length, { timeout: 5_000 }).toBe(1);
    const [host, port] = place.split(':');
    const [line] = linesOf(gateway, /Redis/);
    expect(line).toMatchObject({ level: 'error', host, port: Number(port) });
    expect(line?.['code']).toMatch(code);
    expect((await readinessOf(gateway)).degraded).toContain(
      `redis: it does not answer (${String(line?.['code'])}), so each replica counts limits on its own`,
    );
    expect(gateway.logs()).not.toMatch(/hidden|\bann\b/);
  });

  it('is logged again when it changes, with how often it was met, and when it is over', async () => {
    const server = await serve([]);
    const port = Number(new URL(server.url).port);
    const gateway = await start({ REDIS_URL: server.url });
    await server.stop();
    // Nobody has to call for that to be found out.
    await expect.poll(async () => (await readinessOf(gateway)).degraded).toHaveLength(1);
    await runOne(gateway, 'create', 'a');
    await expect
      .poll(() => linesOf(gateway, /Redis/).map(({ code }) => code), { timeout: 5_000 })
      .toContain('ECONNREFUSED');
    const stranger = await serve(['--requirepass', 'right'], port);
    await expect
      .poll(() => linesOf(gateway, /Redis/).at(-1), { timeout: 5_000 })
      .toMatchObject({ code: 'NOAUTH', failures: expect.any(Number) as number });
    await stranger.stop();
    await server.start();
    await expect
      .poll(async () => (await readinessOf(gateway)).degraded, { timeout: 10_000 })
      .toEqual([]);
    expect(linesOf(gateway, /Redis answers again/)).toHaveLength(1);
    const codes = linesOf(gateway, /Redis/).map(({ code }) => code);
    expect(codes.filter((code) => code === 'ECONNREFUSED')).toHaveLength(1);
    expect(codes.filter((code) => code === 'NOAUTH')).toHaveLength(1);
  }, 30_000);

  it('is logged and named where it refuses events alone (NOPERM), as to users of Redis 7 by default', async () => {
    const server = await serve([]);
    const admin = new Redis(server.url);
    closing.push(() => {
      admin.disconnect();
    });
    await admin.call('ACL', 'SETUSER', 'ann', 'on', '>hidden', '~*', '+@all', 'resetchannels');
    const gateway = await start({ REDIS_URL: server.url.replace('://', '://ann:hidden@') });
    gateway.upstream.seed({ id: 'ctx_1', user_id: 'alice' });
    async function firstEvent(): Promise<string> {
      const leaving = new AbortController();
      const response = await fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'text/event-stream',
          authorization: `Bearer ${await gateway.tokenOf('alice')}`,
        },
        body: JSON.stringify({
          query: `subscription { executionContextUpdated(id: "ctx_1") {
            ... on AiExecutionContext { id } ... on ExecutionContextError { code }
          } }`,
        }),
        signal: leaving.signal,
      });
      let text = '';
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk).toString();
        if (text.includes('data: {')) break;
      }
      leaving.abort();
      return text;
    }
    for (let streams = 0; streams < 3; streams += 1) {
      expect(await firstEvent()).toContain('"UPSTREAM_UNAVAILABLE"');
    }
    expect(linesOf(gateway, /Redis/)).toMatchObject([
      { level: 'error', msg: 'Redis does not carry events', code: 'NOPERM', failures: 0 },
    ]);
    expect((await readinessOf(gateway)).degraded).toEqual([
      'redis: it does not carry events (NOPERM), so streams are refused',
    ]);
    await admin.call('ACL', 'SETUSER', 'ann', '&*');
    expect(await firstEvent()).toContain('"ctx_1"');
    expect((await readinessOf(gateway)).degraded).toEqual([]);
    expect(gateway.logs()).not.toMatch(/hidden|\bann\b/);
  });
});
