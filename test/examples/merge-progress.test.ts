import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { mintSandboxToken } from '../../src/sandbox/index.ts';
import { startSandboxGateway, type SandboxGateway } from '../support/sandbox-gateway.ts';
import { runExample, startStub, timeout } from './run-example.ts';

const script = 'examples/node/merge-progress.ts';

describe(script, { timeout }, () => {
  let gateway: SandboxGateway;
  let env: Readonly<Record<string, string>>;
  beforeAll(async () => {
    gateway = await startSandboxGateway();
    env = { GATEWAY_URL: `${gateway.url}/graphql`, TOKEN: await mintSandboxToken('alice') };
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  it('merges the progress, and leaves the rest of the state as it is', async () => {
    const first = await runExample(script, env, 'ctx_123');
    const second = await runExample(script, env, 'ctx_123', 'report', '95');
    const states = [first, second].map(({ output, exitCode }) => {
      expect(exitCode).toBe(0);
      const [, state = ''] =
        /^ctx_123 now holds (.*)\.\nIts version is \S{22}\.\n$/.exec(output) ?? [];
      return JSON.parse(state) as Record<string, unknown>;
    });
    expect(states).toMatchObject([
      { current_step: 'validation', progress: 90 },
      { current_step: 'report', progress: 95 },
    ]);
    const [before = {}, after = {}] = states;
    expect(Object.keys(before).length).toBeGreaterThan(3);
    const { current_step, progress, last_update } = after;
    expect(after).toEqual({ ...before, current_step, progress, last_update });
  });

  it('writes to the version that is given, and else tells which there is', async () => {
    const { output } = await runExample(script, env, 'ctx_123');
    const [, version = ''] = /version is (\S+)\./.exec(output) ?? [];
    expect(await runExample(script, env, 'ctx_123', 'report', '95', version)).toMatchObject({
      exitCode: 0,
    });
    const outdated = await runExample(script, env, 'ctx_123', 'report', '96', version);
    expect(outdated.exitCode).toBe(1);
    expect(outdated.output).toMatch(
      /^Read the context again and decide anew \(it is at \S{22}\): /,
    );
    expect(outdated.output).not.toContain(version);
  });

  it('tries three times where other writes take too long', async () => {
    const conflict = {
      __typename: 'ExecutionContextConflictError',
      message: 'Other writes took too long.',
      currentVersion: null,
    };
    await using busy = await startStub({ data: { mergeExecutionContext: conflict } });
    const run = await runExample(script, { GATEWAY_URL: busy.url, TOKEN: 'token' });
    expect(run).toEqual({ output: 'Try again: Other writes took too long.\n', exitCode: 1 });
    expect(busy.asked()).toBe(3);
  });
});
