import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { mintSandboxToken } from '../../src/sandbox/index.ts';
import { runExample, startStub, timeout } from './run-example.ts';
import { startSandboxGateway, type SandboxGateway } from '../support/sandbox-gateway.ts';

const script = 'examples/node/update-context.ts';

describe(script, { timeout }, () => {
  let gateway: SandboxGateway;
  beforeAll(async () => {
    gateway = await startSandboxGateway();
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  it('updates a context of the sandbox with a token it makes itself', async () => {
    const { output, exitCode } = await runExample(script, {
      GATEWAY_URL: `${gateway.url}/graphql`,
    });
    expect(output).toBe(
      'ctx_123 now holds {"current_step":"processing","progress":75,"results":{"analyzed_documents":10,"extracted_entities":25}} (session session_456).\n',
    );
    expect(exitCode).toBe(0);
  });

  it.each([
    ['ctx_missing', 'There is nothing here to update: execution context not found\n'],
    ['..', 'id must not be "." or "..", which have a special meaning in a URL path.\n'],
  ])('says why %j is not updated, and fails', async (id, firstLine) => {
    const env = {
      GATEWAY_URL: `${gateway.url}/graphql`,
      TOKEN: await mintSandboxToken('alice'),
    };
    const { output, exitCode } = await runExample(script, env, id);
    expect(output.slice(0, firstLine.length)).toBe(firstLine);
    expect(exitCode).toBe(1);
  });

  it('says what it can of an error that a newer gateway has added', async () => {
    const newcomer = { __typename: 'ExecutionContextQuotaError', code: 'QUOTA', message: 'Full.' };
    await using newer = await startStub({ data: { updateExecutionContext: newcomer } });
    const { output, exitCode } = await runExample(script, {
      GATEWAY_URL: newer.url,
      TOKEN: 'token',
    });
    expect(output).toBe('ExecutionContextQuotaError (QUOTA): Full.\n');
    expect(exitCode).toBe(1);
  });
});
