import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseRateLimitRules } from '../../src/rate-limit/limit.ts';
import { createRedisClient } from '../../src/rate-limit/redis-client.ts';
import { createRedisStore } from '../../src/rate-limit/redis-store.ts';
import type { RedisServer } from '../support/redis.ts';
import { describeWithRedis, startRedis } from '../support/redis.ts';

const windows = parseRateLimitRules([
  { window: '60s', max: 50 },
  { window: '1s', max: 10 },
]);

describeWithRedis('Redis store on a cluster', () => {
  let server: RedisServer;
  let client: Redis;

  beforeAll(async () => {
    server = await startRedis({ cluster: true });
    client = createRedisClient(server.url);
    await client.connect();
    await client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    while (!String(await client.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) {
      await delay(50);
    }
  });
  afterAll(async () => {
    client.disconnect();
    await server.close();
  });

  it.each(['}{', '{}', 'a{b}c', ''])('keeps all keys of user %j in one slot', async (user) => {
    await client.flushall();
    const store = createRedisStore({ client, timeoutMs: 5_000 });
    await store.probe();
    await client.flushall();
    for (const group of ['update', 'read{x}', '}']) await store.consume({ user, group }, windows);
    const keys = await client.keys('rate-limit:*');
    expect(keys).toHaveLength(3);
    const slots = await Promise.all(keys.map((key) => client.call('CLUSTER', 'KEYSLOT', key)));
    expect(new Set(slots).size).toBe(1);
  });
});
