import { Redis } from 'ioredis';

import {
  createRedisConnection,
  type RedisConnection,
} from '../../src/shared-state/redis-connection.ts';
import type { RedisScript } from '../../src/shared-state/redis-program.ts';
import { redisScripts } from '../../src/shared-state/redis-scripts.ts';
import { createRedisStore, type RedisStoreOptions } from '../../src/shared-state/redis-store.ts';
import { parseRedisUrl } from '../../src/shared-state/redis-url.ts';
import type { RemoteStore } from '../../src/shared-state/resilient-store.ts';

/** The gateway's own connection to a Redis. */
export function connectionTo(
  url: string,
  keyPrefix?: string,
  scripts: readonly RedisScript[] = redisScripts,
): RedisConnection {
  return createRedisConnection({ target: parseRedisUrl(url), keyPrefix, scripts });
}

/** A store with a connection of its own, which `close` ends. */
export function storeOn(
  url: string,
  options: Omit<RedisStoreOptions, 'connection'> = {},
): RemoteStore & { close(): void } {
  const connection = connectionTo(url);
  const close = () => {
    connection.close();
  };
  return { ...createRedisStore({ connection, ...options }), close };
}

/** A plain client, to look at what the gateway has written. */
export async function observe(url: string): Promise<Redis> {
  const client = new Redis(url, { lazyConnect: true });
  await client.connect();
  return client;
}
