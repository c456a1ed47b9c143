import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Of a run that compiles what it runs, in milliseconds. */
export const timeout = 60_000;

export interface Run {
  readonly output: string;
  readonly exitCode: number | null;
}

/** Runs a script of the examples to its end. */
export function runExample(
  script: string,
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<Run> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--import', 'tsx', script, ...args],
      { env: { ...process.env, ...env }, timeout },
      (_error, stdout, stderr) => {
        resolve({ output: stdout === '' ? stderr : stdout, exitCode: child.exitCode });
      },
    );
  });
}

export interface Stub extends AsyncDisposable {
  readonly url: string;
  /** How many requests it had. */
  asked(): number;
}

/** An endpoint that gives the same answer to everything. */
export async function startStub(answer: object): Promise<Stub> {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    asked: () => asked,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
