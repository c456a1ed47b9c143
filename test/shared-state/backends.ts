import { createMemoryStore } from '../../src/rate-limit/memory-store.ts';
import type { RateLimitStore } from '../../src/rate-limit/store.ts';
import { lacksRedis, startRedis } from '../support/redis.ts';
import { storeOn } from './open-redis.ts';

/** One store that counts by `now`, and how to be rid of it. */
export interface OpenStore {
  readonly store: RateLimitStore;
  close(): Promise<void>;
}

export interface Backend {
  readonly name: string;
  open(now: () => number): Promise<OpenStore>;
}

const memory: Backend = {
  name: 'memory store',
  async open(now) {
    return { store: createMemoryStore({ now }), close: async () => undefined };
  },
};

const redis: Backend = {
  name: 'Redis store',
  async open(now) {
    const server = await startRedis();
    // The machine may be busy: what is tested with it is counting, not the time-out.
    const store = storeOn(server.url, { now, timeoutMs: 5_000 });
    await store.probe();
    return {
      store,
      async close() {
        store.close();
        await server.close();
      },
    };
  },
};

/** Every store there is; each must pass the same tests. */
export const backends: readonly Backend[] = lacksRedis() ? [memory] : [memory, redis];
