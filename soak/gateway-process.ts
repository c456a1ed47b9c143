import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A gateway as a process manager runs it. */
export interface GatewayProcess {
  readonly url: string;
  /** Ends it in an orderly way. */
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
  const child = spawn(process.execPath, ['dist/main.js'], {
    env: { PATH: process.env['PATH'], PORT: '0', SHUTDOWN_DRAIN_MS: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => {
      reject(new Error(`The gateway ended with status ${String(code)} before it listened.`));
    });
    // Read to the end: a full pipe would stop the process.
    createInterface({ input: child.stdout }).on('line', (line) => {
      const entry = JSON.parse(line) as { msg?: string; url?: string };
      if (entry.msg === 'listening' && entry.url !== undefined) resolve(entry.url);
    });
  });
  return {
    url,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}
