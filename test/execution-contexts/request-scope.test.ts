import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { ExecutionContexts } from '../../src/execution-contexts/execution-contexts.ts';
import { RequestScope } from '../../src/execution-contexts/request-scope.ts';
import { User } from '../../src/identity/user.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { run } from '../support/operations.ts';
import { replyError } from '../support/upstream-faults.ts';

describe('one request', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
    gateway.upstream.seed({ id: 'ctx_1' }, { id: 'ctx_2' });
  });
  afterAll(() => gateway.close());
  beforeEach(() => {
    gateway.upstream.clear();
  });

  it('asks the API once for an id that it names twenty times', async () => {
    const results = await run(
      gateway,
      'fetch',
      Array.from({ length: 20 }, () => 'ctx_1'),
    );
    expect(results).toHaveLength(20);
    for (const result of results) expect(result).toMatchObject({ id: 'ctx_1' });
    expect(gateway.upstream.requests).toHaveLength(1);
  });

  it('asks the API once for each of the ids, whatever their order', async () => {
    const ids = ['ctx_1', 'ctx_2', 'ctx_1', 'missing', 'ctx_2', 'missing'];
    const results = await run(gateway, 'fetch', ids);
    expect(results.map(({ id, code }) => id ?? code)).toEqual([
      ...['ctx_1', 'ctx_2', 'ctx_1', 'NOT_FOUND', 'ctx_2', 'NOT_FOUND'],
    ]);
    expect(gateway.upstream.requests).toHaveLength(3);
  });

  it('keeps an error with its id', async () => {
    gateway.upstream.on('GET', '/ai-execution-context/ctx_2', replyError(403, 'Not this one.'));
    const [first, second, third] = await run(gateway, 'fetch', ['ctx_1', 'ctx_2', 'none']);
    expect(first).toMatchObject({ __typename: 'AiExecutionContext', id: 'ctx_1' });
    expect(second).toMatchObject({ code: 'FORBIDDEN', message: 'Not this one.' });
    expect(third).toMatchObject({ code: 'NOT_FOUND', missing: 'none' });
  });

  it('does not share what it read with the next', async () => {
    await run(gateway, 'fetch', ['ctx_1']);
    await run(gateway, 'fetch', ['ctx_1']);
    expect(gateway.upstream.requests).toHaveLength(2);
  });

  it('may end any number of reads without a warning', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    await run(
      gateway,
      'fetch',
      Array.from({ length: 20 }, (_, i) => `ctx_${i}`),
    );
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });
});

describe('what a request has read', () => {
  const user = new User(
    {
      id: 'alice',
      sessionId: null,
      organization: null,
      workspace: null,
      organizationPermissions: [],
      workspacePermissions: [],
    },
    'token',
  );
  const unused = () => Promise.reject(new Error('is not part of this test'));

  /** Contexts whose every read tells how many writes there were before it. */
  function countingContexts({ writesFail = false } = {}): ExecutionContexts {
    let writes = 0;
    const read = (id: string) => Promise.resolve({ ...nothingKnown, id, context: { writes } });
    const write = () => {
      writes += 1;
      return writesFail ? Promise.reject(new Error('lost')) : Promise.resolve();
    };
    return {
      fetch: read,
      list: unused,
      create: unused,
      update: async (id) => {
        await write();
        return read(id);
      },
      delete: write,
    };
  }

  const nothingKnown = {
    agentId: null,
    workflowId: null,
    userId: null,
    sessionId: null,
    createdAt: null,
  };

  function scopeOf(contexts: ExecutionContexts): RequestScope {
    return new RequestScope(contexts, { kind: 'user', user }, { requestId: 'r', token: null });
  }

  it('is read again after an update', async () => {
    const scope = scopeOf(countingContexts());
    await scope.fetch('ctx_1');
    await scope.update('ctx_1', { sessionId: 's' });
    expect(await scope.fetch('ctx_1')).toMatchObject({ context: { writes: 1 } });
  });

  it('is read again after a deletion', async () => {
    const scope = scopeOf(countingContexts());
    await scope.fetch('ctx_1');
    await scope.delete('ctx_1');
    expect(await scope.fetch('ctx_1')).toMatchObject({ context: { writes: 1 } });
  });

  it('is read again after a write whose answer was lost', async () => {
    const scope = scopeOf(countingContexts({ writesFail: true }));
    await scope.fetch('ctx_1');
    await expect(scope.update('ctx_1', { sessionId: 's' })).rejects.toThrow('lost');
    expect(await scope.fetch('ctx_1')).toMatchObject({ context: { writes: 1 } });
  });

  it('stays as it is for the ids that were not written to', async () => {
    const scope = scopeOf(countingContexts());
    await scope.fetch('ctx_2');
    await scope.update('ctx_1', { sessionId: 's' });
    expect(await scope.fetch('ctx_2')).toMatchObject({ context: { writes: 0 } });
  });
});
