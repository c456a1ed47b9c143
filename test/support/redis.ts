import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';

/** A real redis-server of its own, on a free port, that keeps nothing. */
export interface RedisServer {
  readonly url: string;
  /** Kills it; whatever it held is gone. */
  stop(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  /** Stops its process where it stands (SIGSTOP): connections stay open, nothing answers. */
  freeze(): void;
  thaw(): void;
  /** Kills it and removes its directory. */
  close(): Promise<void>;
}

export interface RedisServerOptions {
  /**
   * As the one node of a Redis Cluster.
   *
   * @default false
   */
  readonly cluster?: boolean;
  /** @default a free one */
  readonly port?: number;
  /** More of redis-server's options, such as `['--requirepass', 'secret']`. @default none */
  readonly options?: readonly string[];
}

export async function startRedis({
  cluster = false,
  port: fixedPort,
  options: more = [],
}: RedisServerOptions = {}): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'redis-'));
  const port = fixedPort ?? (await freePort());
  const mode = cluster
    ? ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())]
    : [];
  let server: ChildProcess | undefined;

  async function start(): Promise<void> {
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory];
    const volatile = ['--save', '', '--appendonly', 'no'];
    server = spawn('redis-server', [...options, ...mode, ...volatile, ...more], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await readyToAccept(server);
  }

  async function stop(): Promise<void> {
    if (server === undefined) return;
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
    server = undefined;
  }

  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    stop,
    freeze: () => server?.kill('SIGSTOP'),
    thaw: () => server?.kill('SIGCONT'),
    async close() {
      await stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/**
 * A suite that needs redis-server. Where the program is not installed it is skipped, and says so;
 * with `CI` set it fails instead.
 */
export function describeWithRedis(name: string, suite: () => void): void;
export function describeWithRedis(
  name: string,
  options: { readonly retry?: number },
  suite: () => void,
): void;
export function describeWithRedis(
  name: string,
  options: { readonly retry?: number } | (() => void),
  suite?: () => void,
): void {
  const described = describe.skipIf(lacksRedis());
  if (typeof options === 'function') described(name, options);
  else described(name, options, suite);
}

let lacking: boolean | undefined;

/** Whether suites that need redis-server are to be left out. */
export function lacksRedis(): boolean {
  if (lacking === undefined) {
    const installed = spawnSync('redis-server', ['--version']).error === undefined;
    lacking = !installed && process.env['CI'] === undefined;
    if (lacking) process.stderr.write('redis-server is not installed: tests on it are skipped.\n');
  }
  return lacking;
}

function readyToAccept(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    server.once('error', reject);
    server.once('exit', (code) => {
      reject(new Error(`redis-server ended with ${String(code)}: ${output}`));
    });
    server.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('Ready to accept connections')) resolve();
    });
  });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('No port was given.');
  return address.port;
}
