import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

import { hasProgram } from './cores.ts';

export interface StartOptions {
  /** All of its environment, but for `PATH`. */
  readonly env?: Readonly<Record<string, string>>;
  /** As `taskset` takes them; `null`: where the system likes. */
  readonly cores: string | null;
  /** Whether there is a channel for messages. @default false */
  readonly channel?: boolean;
}

/** Starts programs, and leaves none of them behind. */
export interface Processes {
  start(command: string, args: readonly string[], options: StartOptions): ChildProcess;
  /** Ends one of them, by force where it does not end within two seconds. */
  stop(child: ChildProcess): Promise<void>;
  stopAll(): Promise<void>;
}

export function createProcesses(): Processes {
  const running = new Set<ChildProcess>();
  // The kernel ends them where this process is killed and can do nothing.
  const withParent = hasProgram('setpriv') ? ['setpriv', '--pdeathsig', 'KILL'] : [];

  process.on('exit', () => {
    for (const child of running) child.kill('SIGKILL');
  });

  async function stop(child: ChildProcess): Promise<void> {
    if (!running.has(child)) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), 2_000);
    await exited;
    clearTimeout(force);
  }

  return {
    start(command, args, { env, cores, channel = false }) {
      const pinned = cores === null ? [] : ['taskset', '--cpu-list', cores];
      const [program = command, ...rest] = [...withParent, ...pinned, command, ...args];
      const stdio: StdioOptions = ['ignore', 'ignore', 'inherit'];
      const child = spawn(program, rest, {
        env: { PATH: process.env['PATH'], ...env },
        stdio: channel ? [...stdio, 'ipc'] : stdio,
      });
      running.add(child);
      child.once('exit', () => running.delete(child));
      return child;
    },
    stop,
    async stopAll() {
      await Promise.all([...running].map(stop));
    },
  };
}

/** Rejects once the program has ended by itself. */
export function untilEnded(child: ChildProcess, name: string): Promise<never> {
  return new Promise((_, reject) => {
    const fail = () => {
      reject(new Error(`${name} ended: ${String(child.exitCode ?? child.signalCode)}.`));
    };
    if (child.exitCode !== null || child.signalCode !== null) fail();
    child.once('exit', fail);
    child.once('error', reject);
  });
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('No port is free.');
  return address.port;
}
