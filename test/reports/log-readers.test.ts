import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

/**
 * The program as `node dist/main.js` runs it: tsx, which could run it from its sources, looks at
 * standard output first, and thereby makes a pipe non-blocking.
 */
let program: string;
beforeAll(() => {
  program = mkdtempSync(join(tmpdir(), 'gateway-'));
  writeFileSync(join(program, 'package.json'), '{ "type": "module", "version": "0.0.0" }');
  symlinkSync(resolve('node_modules'), join(program, 'node_modules'));
  const tsc = resolve('node_modules/typescript/bin/tsc');
  const settings = ['--noCheck', '--declaration', 'false', '--outDir', join(program, 'dist')];
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', ...settings]);
}, 60_000);
afterAll(() => {
  rmSync(program, { recursive: true });
});

let child: ChildProcess | undefined;
afterEach(() => child?.kill('SIGKILL'));

/** A program on the sandbox, once it serves. */
async function start(stdout: number | 'pipe', env = {}): Promise<string> {
  const port = await freePort();
  child = spawn(process.execPath, ['dist/main.js'], {
    cwd: program,
    env: { PATH: process.env['PATH'], PORT: String(port), SHUTDOWN_DRAIN_MS: '0', ...env },
    stdio: ['ignore', stdout, 'pipe'],
  });
  const url = `http://127.0.0.1:${port}`;
  await expect.poll(() => serves(url), { timeout: 20_000 }).toBe(true);
  return url;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function serves(url: string): Promise<boolean> {
  try {
    return (
      await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"query":"{ __typename }"}',
        signal: AbortSignal.timeout(5_000),
      })
    ).ok;
  } catch {
    return false;
  }
}

/** Serves so many requests that their lines fill any pipe. */
async function fill(url: string): Promise<void> {
  for (let i = 0; i < 40; i += 1) {
    const all = await Promise.all(Array.from({ length: 25 }, () => serves(url)));
    expect(all.every(Boolean)).toBe(true);
  }
}

async function endsOn(...signals: readonly NodeJS.Signals[]): Promise<unknown> {
  if (child === undefined) throw new Error('No gateway was started.');
  const ended = once(child, 'exit');
  for (const signal of signals) {
    child.kill(signal);
    await new Promise((done) => setTimeout(done, 100));
  }
  const late = new Promise((done) => setTimeout(done, 8_000, ['too late']));
  const [code] = (await Promise.race([ended, late])) as [unknown];
  return code;
}

describe('a gateway whose log nobody takes', () => {
  it('serves and ends where the reader has stalled', async () => {
    const url = await start('pipe');
    await fill(url);
    expect(await endsOn('SIGTERM')).toBe(0);
  }, 60_000);

  it('serves and ends where the reader is gone', async () => {
    const url = await start('pipe');
    child?.stdout?.destroy();
    await fill(url);
    expect(await endsOn('SIGTERM')).toBe(0);
  }, 60_000);

  it('ends where the reader goes as it shuts down', async () => {
    const url = await start('pipe', { SHUTDOWN_DRAIN_MS: '300' });
    expect(await serves(url)).toBe(true);
    const ended = endsOn('SIGTERM');
    child?.stdout?.destroy();
    expect(await ended).toBe(0);
  }, 60_000);

  it.each(['pipe', 'gone'] as const)(
    'ends at once on a second signal: %s',
    async (reader) => {
      const url = await start('pipe', { SHUTDOWN_DRAIN_MS: '60000' });
      if (reader === 'gone') child?.stdout?.destroy();
      await fill(url);
      expect(await endsOn('SIGTERM', 'SIGTERM')).toBe(1);
    },
    60_000,
  );

  it.runIf(existsSync('/dev/full')).each(['info', 'silent'])(
    'serves and ends where the disk is full, at level %s',
    async (level) => {
      const full = openSync('/dev/full', 'w');
      const url = await start(full, { LOG_LEVEL: level });
      closeSync(full);
      await fill(url);
      expect(await endsOn('SIGTERM')).toBe(0);
    },
    60_000,
  );
});
