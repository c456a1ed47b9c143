import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import type { SelfReport } from './self-report.ts';

/** A gateway as a process manager runs it. */
export interface GatewayProcess {
  readonly url: string;
  /** What it logged as an error or worse so far. */
  readonly complaints: readonly string[];
  /** Whether it runs: it should until it is stopped. */
  readonly running: boolean;
  /** What it holds, after a garbage collection, and when it had no time to work. */
  report(): Promise<SelfReport>;
  /** Ends it in an orderly way, where it still runs. */
  stop(): Promise<void>;
}

/**
 * Starts the compiled gateway on a free port and waits until it listens.
 *
 * @param env - All of its environment, but for `PATH` and `PORT`.
 * @throws Error with what it wrote to standard error, where it ends instead.
 */
export async function startGatewayProcess(
  env: Readonly<Record<string, string>>,
): Promise<GatewayProcess> {
  const ahead = ['--expose-gc', '--import', 'tsx', '--import', './soak/self-report.ts'];
  const child = spawn(process.execPath, [...ahead, 'dist/main.js'], {
    env: { PATH: process.env['PATH'], PORT: '0', SHUTDOWN_DRAIN_MS: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const complaints: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => {
      reject(new Error(`The gateway ended with status ${String(code)} before it listened.`));
    });
    // Read to the end: a full pipe would stop the process.
    createInterface({ input: output(child) }).on('line', (line) => {
      const entry = JSON.parse(line) as { level?: string; msg?: string; url?: string };
      if (entry.level === 'error' || entry.level === 'fatal') complaints.push(line);
      if (entry.msg === 'listening' && entry.url !== undefined) resolve(entry.url);
    });
  });
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  return {
    url,
    complaints,
    get running() {
      return isRunning();
    },
    async report() {
      const reported = once(child, 'message');
      child.send('report');
      const [report] = (await reported) as [SelfReport];
      return report;
    },
    async stop() {
      if (!isRunning()) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function output({ stdout }: ChildProcess): NodeJS.ReadableStream {
  if (stdout === null) throw new Error('The gateway was started without a pipe for its log.');
  return stdout;
}
