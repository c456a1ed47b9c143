import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A gateway in a process of its own, run from its sources as `node dist/main.js` runs it. */
export interface Replica {
  /** Its address once it listens. @throws What it printed, where it ends first. */
  listening(): Promise<string>;
  /** Resolves when the process has ended. */
  readonly ended: Promise<Ending>;
  signal(signal: NodeJS.Signals): void;
}

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ReplicaOptions {
  /** Besides `PATH` it gets no other variable. */
  readonly env?: Readonly<Record<string, string>>;
  /** A module to load ahead, for tests that have to break something inside. */
  readonly preload?: string;
}

export function startReplica({ env = {}, preload }: ReplicaOptions = {}): Replica {
  const ahead = preload === undefined ? [] : ['--import', preload];
  const child = spawn(process.execPath, ['--import', 'tsx', ...ahead, 'src/main.ts'], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const url = new Promise<string | null>((resolve) => {
    createInterface(child.stdout)
      .on('line', (line) => {
        stdout += `${line}\n`;
        const [, address] = /(?:^|"url":")(http[^"]+)\/graphql/.exec(line) ?? [];
        if (address !== undefined) resolve(address);
      })
      .on('close', () => {
        resolve(null);
      });
  });
  const ended = once(child, 'close').then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    stdout,
    stderr,
  }));

  async function listening(): Promise<string> {
    const address = await url;
    if (address !== null) return address;
    const { code } = await ended;
    throw new Error(
      `The gateway ended with ${String(code)} before it listened: ${stdout}${stderr}`,
    );
  }

  return { listening, ended, signal: (signal) => void child.kill(signal) };
}
