import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { Outgoing } from '../../src/engine/incoming.ts';
import { RequestContext, Services } from '../../src/engine/request-context.ts';
import {
  executionContexts,
  liveContexts,
  type ExecutionContext,
  type ExecutionContextStore,
} from '../../src/execution-contexts/model.ts';
import { createOwnership } from '../../src/execution-contexts/ownership.ts';
import { readContext } from '../../src/execution-contexts/reads.ts';
import { writeContext } from '../../src/execution-contexts/writes.ts';
import { createRateLimiter } from '../../src/rate-limit/limiter.ts';
import { createMemoryStore } from '../../src/rate-limit/memory-store.ts';
import { createLocalLocks } from '../../src/shared-state/keyed-locks.ts';
import { alice } from '../support/users.ts';
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
  /** How often a context is read where a write comes in between. */
  async function readsAround(
    write: (request: RequestContext) => Promise<unknown>,
    id = 'ctx_1',
  ): Promise<number> {
    const store = countingStore();
    const request = requestOf(store);
    await readContext(id, request);
    await write(request).catch(() => undefined);
    await readContext(id, request);
    return store.reads;
  }

  const update = (request: RequestContext, fails = false) =>
    writeContext(
      {
        id: 'ctx_1',
        verb: 'update',
        reads: 'nothing',
        ifVersion: null,
        send: () =>
          fails ? Promise.reject(new Error('lost')) : Promise.resolve(contextOf('ctx_1')),
        written: (context: ExecutionContext) => context,
      },
      request,
    );

  it('is read again after a write', async () => {
    expect(await readsAround((request) => update(request))).toBe(2);
  });

  it('is read again after a write whose answer was lost', async () => {
    expect(await readsAround((request) => update(request, true))).toBe(2);
  });

  it('stays as it is for the ids that were not written to', async () => {
    // The one other read is the write's own, which looks at whose context it is.
    expect(await readsAround((request) => update(request), 'ctx_2')).toBe(2);
  });
});

function contextOf(id: string): ExecutionContext {
  return {
    id,
    agentId: null,
    workflowId: null,
    userId: 'alice',
    sessionId: null,
    context: null,
    createdAt: null,
  };
}

/** A store that counts its reads. */
function countingStore() {
  const unused = () => Promise.reject(new Error('is not part of this test'));
  const store = {
    reads: 0,
    deadline: () => Infinity,
    fetch(id: string) {
      store.reads += 1;
      return Promise.resolve(contextOf(id));
    },
    list: unused,
    create: unused,
    update: unused,
    delete: unused,
  };
  return store;
}

/** A request of alice's with several fields. */
function requestOf(store: ExecutionContextStore): RequestContext {
  const ownership = createOwnership({ isAdministrator: () => false });
  return new RequestContext(
    {
      services: new Services()
        .set(executionContexts, { store, ownership, locks: createLocalLocks() })
        .set(liveContexts, {
          open: 0,
          admit: () => undefined,
          reserve: () => ({ cancel: () => undefined }),
          watch: () => Promise.reject(new Error('is not part of this test')),
          changed: () => undefined,
          deleted: () => undefined,
          close: () => undefined,
        }),
      rateLimiter: createRateLimiter({ store: createMemoryStore() }),
      onResult: () => undefined,
      onNullReference: () => undefined,
    },
    {
      requestId: 'r',
      authorization: null,
      trace: undefined,
      span: null,
      departure: null,
      outgoing: new Outgoing(),
    },
    { kind: 'user', user: alice },
    true,
  );
}
