import { afterAll, beforeAll, expect, it } from 'vitest';

import { describeWithRedis } from '../support/redis.ts';
import { passThrough } from '../support/upstream-faults.ts';
import { mergeKeys, startReplicas, type Replicas } from './replicas.ts';
import { merge, read, remove, update } from './write-documents.ts';

const load = { keys: 1_000, clients: 50 };

describeWithRedis('three replicas on one Redis', () => {
  let replicas: Replicas;
  let count = 0;
  beforeAll(async () => {
    replicas = await startReplicas(3);
  }, 30_000);
  afterAll(() => replicas[Symbol.asyncDispose]());

  function seed(context: unknown = {}): string {
    const id = `ctx_${(count += 1)}`;
    replicas.upstream.seed({ id, user_id: 'alice', context });
    return id;
  }
  const frontOf = (i: number) => replicas.fronts[i % 3] ?? expect.fail();

  it('lose none of 1,000 merges of different keys from 50 clients', async () => {
    const id = seed();
    const { acknowledged } = await mergeKeys(replicas.fronts, id, load);
    expect(Object.keys(acknowledged)).toHaveLength(1_000);
    expect(replicas.upstream.stored(id)?.context).toEqual(acknowledged);
  }, 40_000);

  it.each([
    [
      'merge',
      (i: number, id: string, v: string) =>
        merge(frontOf(i), id, { patch: { writer: i }, ifVersion: v }),
    ],
    [
      'update',
      (i: number, id: string, v: string) =>
        update(frontOf(i), id, { context: { writer: i }, ifVersion: v }),
    ],
    ['delete', (i: number, id: string, v: string) => remove(frontOf(i), id, v)],
  ] as const)('let exactly one of twelve writers with one version win: %s', async (name, write) => {
    const id = seed();
    const { version = '' } = await read(frontOf(0), id);
    expect((await read(frontOf(1), id)).version).toBe(version);
    const results = await Promise.all(Array.from({ length: 12 }, (_, i) => write(i, id, version)));
    expect(results.filter(({ code }) => code === undefined)).toHaveLength(1);
    const lost = name === 'delete' ? 'NOT_FOUND' : 'CONFLICT';
    expect(results.filter(({ code }) => code === lost)).toHaveLength(11);
  });

  it('let every merge build on the write before it, updates among them', async () => {
    const id = seed();
    const writes = Array.from({ length: 60 }, (_, i) =>
      i % 6 === 5
        ? update(frontOf(i), id, { context: { update: i } })
        : merge(frontOf(i), id, { patch: { [`key${i}`]: i } }),
    );
    for (const result of await Promise.all(writes)) expect(result.code).toBeUndefined();
    const steps = replicas.upstream.requests
      .filter(({ method, path }) => method === 'PUT' && path.endsWith(`/${id}`))
      .map(({ body }) => (JSON.parse(body) as { context: Record<string, number> }).context);
    expect(steps).toHaveLength(60);
    let before: Record<string, number> = {};
    for (const step of steps) {
      const isUpdate = Object.keys(step).length === 1 && 'update' in step && step !== before;
      if (!isUpdate) expect(step).toMatchObject(before);
      before = step;
    }
    expect(replicas.upstream.stored(id)?.context).toEqual(before);
  });

  it('never let a writer overtake one that the API answers after 4 s', async () => {
    const id = seed({ step: 0 });
    replicas.upstream.on('PUT', `/ai-execution-context/${id}`, async (exchange) => {
      const { context } = JSON.parse(exchange.request.body) as { context: { slow?: true } };
      // The API applies what comes late at its end, and would overwrite what was faster.
      if (context.slow === true && !('fast' in context)) {
        await new Promise((resolve) => setTimeout(resolve, 4_000));
      }
      await passThrough()(exchange);
    });
    const slow = merge(frontOf(0), id, { patch: { slow: true } });
    await expect
      .poll(() =>
        replicas.upstream.requests.some(
          ({ method, path }) => method === 'PUT' && path.endsWith(`/${id}`),
        ),
      )
      .toBe(true);
    const startedAt = performance.now();
    const fast = await merge(frontOf(1), id, { patch: { fast: true } });
    expect(performance.now() - startedAt).toBeGreaterThan(3_500);
    expect(fast.context).toEqual({ step: 0, slow: true, fast: true });
    expect(await slow).toMatchObject({ context: { step: 0, slow: true } });
    expect(replicas.upstream.stored(id)?.context).toEqual({ step: 0, slow: true, fast: true });
  }, 15_000);

  it('have every acknowledged one of 1,000 merges where Redis is restarted in the middle', async () => {
    const id = seed();
    let restarted: Promise<void> | undefined;
    const { acknowledged } = await mergeKeys(replicas.fronts, id, load, (count) => {
      if (count === 400) restarted = replicas.redis.stop().then(() => replicas.redis.start());
    });
    await restarted;
    expect(restarted).toBeDefined();
    expect(replicas.upstream.stored(id)?.context).toMatchObject(acknowledged);
    expect(Object.keys(acknowledged)).toHaveLength(1_000);
  }, 60_000);

  // The last one: it leaves two.
  it('have every acknowledged one of 1,000 merges where one of them is killed in the middle', async () => {
    const id = seed();
    const { acknowledged, others } = await mergeKeys(replicas.fronts, id, load, (count) => {
      if (count === 400) replicas.processes[1]?.signal('SIGKILL');
    });
    expect(replicas.upstream.stored(id)?.context).toMatchObject(acknowledged);
    expect(await replicas.processes[1]?.ended).toMatchObject({ signal: 'SIGKILL' });
    // A third of the clients had one under way.
    expect(Object.keys(acknowledged).length).toBeGreaterThan(950);
    expect(others['lost']).toBeGreaterThan(0);
  }, 60_000);
});
