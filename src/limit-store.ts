import type { StoreFailurePolicy } from './config.ts';
import type { Clock } from './rate-limit/clock.ts';
import { createMemoryStore } from './rate-limit/memory-store.ts';
import { createRedisClient } from './rate-limit/redis-client.ts';
import { createRedisStore } from './rate-limit/redis-store.ts';
import { createResilientStore, type ResilientStore } from './rate-limit/resilient-store.ts';
import type { RateLimitStore } from './rate-limit/store.ts';
import type { Logger } from './telemetry/logger.ts';
import type { RateLimitMetrics } from './telemetry/rate-limit-metrics.ts';

export interface LimitStore {
  readonly store: RateLimitStore;
  /** The store's shared side; `null` where limits are counted in process by choice. */
  readonly shared: ResilientStore | null;
}

export interface LimitStoreOptions {
  readonly redisUrl: string | null;
  readonly onStoreFailure: StoreFailurePolicy;
  readonly logger: Logger;
  readonly metrics: RateLimitMetrics;
  /** For tests: what the memory store counts by; Redis counts by its own clock. */
  readonly clock?: Clock | undefined;
}

/** The store that the configuration asks for: Redis with a fallback, or this process alone. */
export function createLimitStore(options: LimitStoreOptions): LimitStore {
  const { redisUrl, onStoreFailure, logger, metrics, clock } = options;
  if (redisUrl === null) {
    return { store: createMemoryStore(clock === undefined ? {} : { clock }), shared: null };
  }
  const shared = createResilientStore({
    store: createRedisStore({ client: createRedisClient(redisUrl) }),
    onStoreFailure,
    onDecidedAlone: () => {
      metrics.uncounted();
    },
    onOutage: ({ cause }) => {
      metrics.storeDown();
      logger.error({ err: cause, onStoreFailure }, 'Redis does not answer');
    },
    onRecovery: ({ outageMs, calls }) => {
      metrics.storeUp();
      logger.info({ outageMs: Math.round(outageMs), calls }, 'Redis answers again');
    },
  });
  return { store: shared, shared };
}
