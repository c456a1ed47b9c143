import { Redis } from 'ioredis';

/**
 * A server that has not answered for this long is given up, and connected to anew. Long, as a stall
 * of this process looks the same here.
 */
const silenceMs = 5_000;
const connectTimeoutMs = 2_000;
const longestReconnectDelayMs = 500;

/**
 * An ioredis client for {@link createRedisStore}: it connects when first asked to, keeps trying for
 * ever, and never keeps a command for a later connection.
 *
 * @param url - `redis://` or `rediss://`, as ioredis reads it.
 */
export function createRedisClient(url: string): Redis {
  return new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // The store's probe tells more than INFO does, which users with few rights may not run.
    enableReadyCheck: false,
    connectTimeout: connectTimeoutMs,
    socketTimeout: silenceMs,
    retryStrategy: (attempt) => Math.min(50 * attempt, longestReconnectDelayMs),
  });
}
