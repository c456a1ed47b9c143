import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { mintSandboxToken } from '../../src/sandbox/index.ts';
import { startSandboxGateway, type SandboxGateway } from '../support/sandbox-gateway.ts';

const timeout = 60_000;

describe('examples/node/update-context.ts', { timeout }, () => {
  let gateway: SandboxGateway;
  beforeAll(async () => {
    gateway = await startSandboxGateway();
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  it('updates a context of the sandbox with a token it makes itself', async () => {
    const { output, exitCode } = await runExample({ GATEWAY_URL: `${gateway.url}/graphql` });
    expect(output).toBe(
      'ctx_123 now holds {"current_step":"processing","progress":75,"results":{"analyzed_documents":10,"extracted_entities":25}} (session session_456).\n',
    );
    expect(exitCode).toBe(0);
  });

  it.each([
    ['ctx_missing', 'There is nothing here to update: execution context not found\n'],
    ['..', 'id must not be "." or "..": they name a place in a path.\n'],
  ])('says why %j is not updated, and fails', async (id, firstLine) => {
    const env = {
      GATEWAY_URL: `${gateway.url}/graphql`,
      TOKEN: await mintSandboxToken('alice'),
    };
    const { output, exitCode } = await runExample(env, id);
    expect(output.slice(0, firstLine.length)).toBe(firstLine);
    expect(exitCode).toBe(1);
  });

  it('says what it can of an error that a newer gateway has added', async () => {
    const newcomer = { __typename: 'ExecutionContextQuotaError', code: 'QUOTA', message: 'Full.' };
    await using newer = await startStub({ data: { updateExecutionContext: newcomer } });
    const { output, exitCode } = await runExample({ GATEWAY_URL: newer.url, TOKEN: 'token' });
    expect(output).toBe('ExecutionContextQuotaError (QUOTA): Full.\n');
    expect(exitCode).toBe(1);
  });
});

interface Run {
  readonly output: string;
  readonly exitCode: number | null;
}

function runExample(env: Readonly<Record<string, string>>, ...args: string[]): Promise<Run> {
  const script = ['--import', 'tsx', 'examples/node/update-context.ts', ...args];
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      script,
      { env: { ...process.env, ...env }, timeout },
      (_error, stdout, stderr) => {
        resolve({ output: stdout === '' ? stderr : stdout, exitCode: child.exitCode });
      },
    );
  });
}

/** An endpoint that gives the same answer to everything. */
async function startStub(answer: object): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((_request, response) => {
    response.end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
