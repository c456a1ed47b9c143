import { expect, it } from 'vitest';

import { describeWithRedis } from '../support/redis.ts';
import { mergeKeys, startReplicas, type MergeLoad, type Replicas } from './replicas.ts';

const load = { keys: 1_000, clients: 50 };

function expectAllThere({ upstream }: Replicas, id: string, { acknowledged }: MergeLoad): void {
  expect(upstream.stored(id)?.context).toMatchObject(acknowledged);
}

describeWithRedis('of 1,000 merges from 50 clients through three replicas', () => {
  it('every acknowledged one is there where a replica is killed in the middle', async () => {
    await using replicas = await startReplicas(3);
    replicas.upstream.seed({ id: 'ctx_1', user_id: 'alice', context: {} });
    const result = await mergeKeys(replicas.fronts, 'ctx_1', load, (count) => {
      if (count === 400) replicas.processes[1]?.signal('SIGKILL');
    });
    expectAllThere(replicas, 'ctx_1', result);
    expect(await replicas.processes[1]?.ended).toMatchObject({ signal: 'SIGKILL' });
    // A third of the clients had one under way.
    expect(Object.keys(result.acknowledged).length).toBeGreaterThan(950);
    expect(result.others['lost']).toBeGreaterThan(0);
  }, 60_000);
});
