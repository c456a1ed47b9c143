import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createAgent, type Agent } from '../../examples/web/agent.ts';
import { mintSandboxToken, sandboxApiKey } from '../../src/sandbox/index.ts';
import { askGraphQL, dataOf } from '../support/ask.ts';
import { startSandboxGateway } from '../support/sandbox-gateway.ts';
import { startSandboxClient, type SandboxClient } from '../sandbox/client.ts';

interface State {
  readonly session_id: string;
  readonly context: {
    readonly run: number;
    readonly progress: number;
    readonly paused?: boolean;
    readonly note?: string;
  };
}

describe('the agent of examples/web', () => {
  let api: SandboxClient;
  let agent: Agent;
  beforeAll(async () => {
    api = await startSandboxClient();
    agent = createAgent({ apiUrl: api.url, token: sandboxApiKey, contextId: 'ctx_123' });
  });
  afterAll(() => api.close());

  async function stored(): Promise<State> {
    return JSON.parse((await api.call(sandboxApiKey, 'GET', '/ctx_123')).text) as State;
  }

  /** Works until the next run has begun. */
  async function wholeRun(): Promise<State[]> {
    const states: State[] = [];
    for (;;) {
      await agent.work();
      const state = await stored();
      if (states.some(({ context }) => context.run !== state.context.run)) return states;
      states.push(state);
    }
  }

  it('gets to 100 piece by piece, and begins anew in another session', async () => {
    const states = await wholeRun();
    const progress = states.map(({ context }) => context.progress);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(new Set(progress).size).toBe(progress.length);
    expect(progress.at(-1)).toBe(100);
    expect(new Set(states.map(({ session_id }) => session_id)).size).toBe(2);

    const next = await stored();
    expect(next.context.run).toBe(2);
    expect(states.map(({ session_id }) => session_id)).not.toContain(next.session_id);
  });

  it('keeps what others merge, goes on from their progress, and rests while it is paused', async () => {
    await using gateway = await startSandboxGateway({ sandboxUrl: api.url });
    const token = await mintSandboxToken('alice');
    const merge = async (patch: object) =>
      dataOf(
        await askGraphQL(
          gateway.url,
          'mutation($patch: JSONObject!) { mergeExecutionContext(id: "ctx_123", input: { patch: $patch }) { __typename } }',
          { patch },
          { token },
        ),
      );
    await merge({ paused: true, note: 'page 12', progress: 60 });
    const paused = await stored();
    await agent.work();
    expect(await stored()).toEqual(paused);

    await merge({ paused: null });
    await agent.work();
    const { context } = await stored();
    expect(context.note).toBe('page 12');
    expect(context.progress).toBeGreaterThan(60);
    expect(context.progress).toBeLessThan(70);
  });

  it('has its state in a sandbox that outlives the gateway', async () => {
    const token = await mintSandboxToken('alice');
    const readThroughGateway = async () => {
      await using gateway = await startSandboxGateway({ sandboxUrl: api.url });
      const query = '{ executionContext(id: "ctx_123") { ... on AiExecutionContext { context } } }';
      return dataOf(await askGraphQL(gateway.url, query, {}, { token }));
    };
    const { context } = await stored();
    expect(await readThroughGateway()).toEqual({ executionContext: { context } });
    expect(await readThroughGateway()).toEqual({ executionContext: { context } });
  });
});
