import { afterAll, beforeAll, expect, it } from 'vitest';

import { UnusableRedisError } from '../../src/shared-state/redis-failure.ts';
import type { RedisServer } from '../support/redis.ts';
import { describeWithRedis, startRedis } from '../support/redis.ts';
import { storeOn } from './open-redis.ts';

describeWithRedis('a Redis Cluster', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis({ cluster: true });
  });
  afterAll(() => server.close());

  it('is refused, saying so: keys of users and of contexts live in different slots', async () => {
    const store = storeOn(server.url, { timeoutMs: 5_000 });
    await expect(store.probe()).rejects.toThrow(UnusableRedisError);
    await expect(store.probe()).rejects.toThrow(/cluster/i);
    store.close();
  });
});
