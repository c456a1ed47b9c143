import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';

import { startReplica, type Replica, type ReplicaOptions } from '../support/replica.ts';

let replica: Replica | undefined;
afterEach(() => replica?.signal('SIGKILL'));

/** On the sandbox, which needs nothing else. */
function start({ env, ...options }: ReplicaOptions = {}): Replica {
  replica = startReplica({ env: { PORT: '0', SHUTDOWN_DRAIN_MS: '0', ...env }, ...options });
  return replica;
}

/** A module of its own, from its text. */
function moduleOf(text: string): string {
  return `data:text/javascript,${encodeURIComponent(text)}`;
}

function fatalLine(stdout: string): Record<string, unknown> {
  const line = stdout.split('\n').find((one) => one.includes('"level":"fatal"')) ?? 'null';
  return JSON.parse(line) as Record<string, unknown>;
}

describe('the process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('ends with 0 on %s', async (signal) => {
    const gateway = start();
    await gateway.listening();
    gateway.signal(signal);
    expect(await gateway.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('ends with 0 on a signal that comes while it starts', async () => {
    // Takes connections and says nothing, so that the start waits for Redis.
    const redis = createServer().listen(0, '127.0.0.1');
    await once(redis, 'listening');
    const { port } = redis.address() as AddressInfo;
    const gateway = start({ env: { REDIS_URL: `redis://127.0.0.1:${port}` } });
    await once(redis, 'connection');
    gateway.signal('SIGTERM');
    expect(await gateway.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
    redis.close();
  });

  it('prints the port it picked even where it logs nothing', async () => {
    const nowhere = 'http://127.0.0.1:9';
    const upstream = { UPSTREAM_URL: nowhere, UPSTREAM_API_KEY: 'key', JWT_ISSUER: nowhere };
    const gateway = start({ env: { ...upstream, LOG_LEVEL: 'silent' } });
    const url = await gateway.listening();
    expect((await fetch(`${url}/health`)).status).toBe(200);
    gateway.signal('SIGTERM');
    expect(await gateway.ended).toMatchObject({ code: 0, stdout: `${url}/graphql\n` });
  });

  it('says unready while it drains, and ends at once on a second signal', async () => {
    const gateway = start({ env: { SHUTDOWN_DRAIN_MS: '60000' } });
    const url = await gateway.listening();
    await expect.poll(async () => (await fetch(`${url}/ready`)).status).toBe(200);
    gateway.signal('SIGTERM');
    await expect.poll(async () => (await fetch(`${url}/ready`)).status).toBe(503);
    const answer = await fetch(`${url}/ready`);
    expect(answer.headers.get('connection')).toBe('close');
    expect(await answer.json()).toMatchObject({ ready: false, reasons: ['shutting down'] });
    gateway.signal('SIGTERM');
    expect(await gateway.ended).toMatchObject({ code: 1 });
  });

  it.each([
    ['unhandledRejection', 'Promise.reject(new Error("a bug"))'],
    ['uncaughtException', 'throw new Error("a bug")'],
  ])('logs an %s and ends with 1', async (event, defect) => {
    const preload = moduleOf(`const timer = setInterval(() => {
      if (process.listenerCount('${event}') === 0) return;
      clearInterval(timer);
      ${defect};
    }, 10);`);
    const gateway = start({ preload });
    const { code, stdout } = await gateway.ended;
    expect(code).toBe(1);
    expect(fatalLine(stdout)).toMatchObject({
      level: 'fatal',
      msg: event,
      err: { type: 'Error', message: 'a bug' },
    });
  });

  it('ends with 1 and one message where its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await start({ env: { PORT: String(port) } }).ended;
    other.close();
    expect(code).toBe(1);
    expect(stderr).toBe(
      `The gateway cannot listen with HOST=127.0.0.1 and PORT=${port}: another process has that port; stop it or set PORT to another, or to 0 for any.\n`,
    );
  });

  it('ends with 1 and one message that lists every bad variable', async () => {
    const env = { PORT: 'many', UPSTREAM_URL: 'ftp://user:hidden@api', LOG_LEVEL: 'loud' };
    const { code, stdout, stderr } = await start({ env }).ended;
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.split('\n')).toEqual([
      'The gateway cannot start with this configuration:',
      expect.stringContaining('UPSTREAM_URL: '),
      expect.stringContaining('UPSTREAM_API_KEY: '),
      expect.stringContaining('JWT_ISSUER: '),
      expect.stringContaining('PORT: '),
      expect.stringContaining('LOG_LEVEL: '),
      '',
    ]);
    expect(stderr).not.toContain('hidden');
  });
});
