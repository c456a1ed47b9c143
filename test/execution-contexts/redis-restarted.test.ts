import { expect, it } from 'vitest';

import { describeWithRedis } from '../support/redis.ts';
import { mergeKeys, startReplicas, type MergeLoad, type Replicas } from './replicas.ts';

const load = { keys: 1_000, clients: 50 };

function expectAllThere({ upstream }: Replicas, id: string, { acknowledged }: MergeLoad): void {
  expect(upstream.stored(id)?.context).toMatchObject(acknowledged);
}

describeWithRedis('of 1,000 merges from 50 clients through three replicas', () => {
  it('every acknowledged one is there where Redis is restarted in the middle', async () => {
    await using replicas = await startReplicas(3);
    replicas.upstream.seed({ id: 'ctx_1', user_id: 'alice', context: {} });
    let restarted: Promise<void> | undefined;
    const result = await mergeKeys(replicas.fronts, 'ctx_1', load, (count) => {
      if (count === 400) restarted = replicas.redis.stop().then(() => replicas.redis.start());
    });
    await restarted;
    expect(restarted).toBeDefined();
    expectAllThere(replicas, 'ctx_1', result);
    expect(Object.keys(result.acknowledged)).toHaveLength(1_000);
  }, 60_000);
});
