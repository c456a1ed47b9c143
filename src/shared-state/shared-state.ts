import { createMemoryStore } from '../rate-limit/memory-store.ts';
import type { ImmediateRateLimitStore, RateLimitStore } from '../rate-limit/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Election } from './election.ts';
import { createMemoryEvents, type Events } from './events.ts';
import { FailureThrottle } from './failure-throttle.ts';
import { createLocalLocks, type KeyedLocks } from './keyed-locks.ts';
import { codeOf, RedisReplyError } from './redis-failure.ts';
import type { RedisTarget } from './redis-url.ts';
import { createResilientStore, type StoreFailurePolicy } from './resilient-store.ts';

/** The state that replicas share: in Redis, or in this process where there is only one. */
export interface SharedState {
  /** Counts the calls of limited fields. */
  readonly limits: RateLimitStore | ImmediateRateLimitStore;
  /** Serialises the writes to one key. */
  readonly locks: KeyedLocks;
  /** Messages between replicas. */
  readonly events: Events;
  /** Elects one of the replicas; `null` where there is only this one. */
  readonly election: Election | null;
  /** `null` where everything is kept in this process by choice. */
  readonly redis: SharedRedis | null;
  /**
   * Connects. Resolves once Redis has answered, or is known not to answer: the gateway also starts
   * without it. Takes two seconds at most.
   *
   * @throws {UnusableRedisError} (rejecting) Where Redis is a cluster, or does not have the database:
   *   the process should not start then.
   */
  start(): Promise<void>;
  close(): void;
}

/** The state of Redis, for `GET /ready`. */
export interface SharedRedis {
  /** Whether Redis can be used now. */
  readonly healthy: boolean;
  /** The code that says why it cannot be used, such as `ECONNREFUSED`; `null` where it can. */
  readonly cause: string | null;
  /** Whether the last lock could not be requested from Redis. */
  readonly locksAlone: boolean;
  /** The code with which it refuses to carry events, such as `NOPERM`; `null` where it does not. */
  readonly eventsRefused: string | null;
}

/** Counters of what happens with Redis. */
export interface SharedStateMetrics {
  /** A call was not counted by Redis, so that the policy decided. */
  uncounted(): void;
  storeDown(): void;
  storeUp(): void;
  /** A lock was taken in this process alone, because Redis does not answer. */
  lockedLocally(): void;
}

export interface SharedStateOptions {
  /** See `parseRedisUrl`. `null`: the state is kept in this process. */
  readonly redis: RedisTarget | null;
  /** @default defaultKeyPrefix */
  readonly keyPrefix?: string | undefined;
  readonly onStoreFailure: StoreFailurePolicy;
  readonly logger: Pick<Logger, 'error' | 'warn' | 'info'>;
  readonly metrics: SharedStateMetrics;
  /** For tests: milliseconds by which this process counts calls. Redis counts by its own clock. */
  readonly now?: (() => number) | undefined;
}

/**
 * Creates the state that the configuration asks for. Opens nothing before `start` or the first call,
 * and loads the client of Redis only where Redis is used.
 */
export async function createSharedState(options: SharedStateOptions): Promise<SharedState> {
  const { redis, keyPrefix, onStoreFailure, logger, metrics, now } = options;
  if (redis === null) return inThisProcess(now);

  const { createRedisConnection } = await import('./redis-connection.ts');
  const { RedisAvailability } = await import('./redis-availability.ts');
  const { createRedisStore } = await import('./redis-store.ts');
  const { LeasedLocks } = await import('./leased-locks.ts');
  const { createRedisLockStore } = await import('./redis-locks.ts');
  const { createRedisEvents } = await import('./redis-events.ts');
  const { createRedisElection } = await import('./redis-election.ts');
  const { redisScripts } = await import('./redis-scripts.ts');
  const { host, port } = redis;
  const describe = (cause: unknown) => ({ err: cause, code: codeOf(cause), host, port });
  const connection = createRedisConnection({ target: redis, keyPrefix, scripts: redisScripts });
  const store = createRedisStore({ connection });
  const availability = new RedisAvailability({
    probe: () => store.probe(),
    onOutage({ cause }) {
      metrics.storeDown();
      logger.error({ ...describe(cause), onStoreFailure }, 'Redis does not answer');
    },
    onCauseChange({ cause, failures }) {
      logger.error(
        { ...describe(cause), failures },
        'Redis still does not answer, for another reason',
      );
    },
    onRecovery({ outageMs, calls }) {
      metrics.storeUp();
      logger.info({ outageMs: Math.round(outageMs), calls, host, port }, 'Redis answers again');
    },
  });
  const limits = createResilientStore({
    store,
    availability,
    onStoreFailure,
    onDecidedAlone: () => {
      metrics.uncounted();
    },
    onUncounted({ cause, failures }) {
      logger.warn({ ...describe(cause), failures }, 'Redis did not count a call');
    },
  });

  /** An observer of failed calls. It logs errors that Redis answered with, as `message`. */
  function createFailureObserver(message: string): (cause: unknown) => void {
    const throttle = new FailureThrottle();
    return (cause) => {
      if (cause instanceof RedisReplyError) {
        const failures = throttle.tell(codeOf(cause));
        if (failures !== null) logger.warn({ ...describe(cause), failures }, message);
      }
      // The failure may concern this call alone: a probe finds out whether it does.
      availability.suspect();
    };
  }

  const lockStore = createRedisLockStore({ connection, availability });
  const locks = new LeasedLocks({
    store: lockStore,
    processId: connection.processId,
    onTakenLocally: () => {
      metrics.lockedLocally();
    },
    onFailure: createFailureObserver('Redis did not lock a key'),
  });
  const election = createRedisElection({
    connection,
    onFailure: createFailureObserver('Redis did not grant a lease, so this replica polls alone'),
  });

  const refusedEvents = new FailureThrottle();
  let eventsRefused: string | null = null;
  const events = createRedisEvents({
    connection,
    onRefusal(cause) {
      eventsRefused = cause?.code ?? null;
      if (cause === null) return;
      const failures = refusedEvents.tell(cause.code);
      if (failures !== null) {
        logger.error({ ...describe(cause), failures }, 'Redis does not carry events');
      }
    },
  });

  async function start(): Promise<void> {
    await availability.start();
    // A failure shows at the first lock, which begins the epoch then.
    if (lockStore.available) lockStore.prepare().catch(() => undefined);
  }

  return {
    limits,
    locks,
    events,
    election,
    redis: {
      get healthy() {
        return availability.healthy && connection.usable;
      },
      get cause() {
        return this.healthy ? null : (availability.cause ?? connection.cause);
      },
      get locksAlone() {
        return locks.isAlone;
      },
      get eventsRefused() {
        return eventsRefused;
      },
    },
    start,
    close() {
      availability.close();
      connection.close();
    },
  };
}

function inThisProcess(now: (() => number) | undefined): SharedState {
  return {
    limits: createMemoryStore({ now }),
    locks: createLocalLocks(),
    events: createMemoryEvents(),
    election: null,
    redis: null,
    start: async () => undefined,
    close: () => undefined,
  };
}
