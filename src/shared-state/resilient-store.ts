import type { RateLimitWindow } from '../rate-limit/limit.ts';
import { createMemoryStore } from '../rate-limit/memory-store.ts';
import type {
  CallCost,
  RateLimitDecision,
  RateLimitKey,
  RateLimitStore,
} from '../rate-limit/store.ts';
import { FailureThrottle } from './failure-throttle.ts';
import type { RedisAvailability } from './redis-availability.ts';
import { codeOf, UncountedCallError } from './redis-failure.ts';

/** A store in another process, which may be unavailable. */
export interface RemoteStore extends RateLimitStore {
  /**
   * Decides one call.
   *
   * @throws {UncountedCallError} (rejecting) When the store is available, but did not count this call;
   *   any other error when the store did not reply in time, or cannot count.
   */
  consume(
    key: RateLimitKey,
    windows: readonly RateLimitWindow[],
    cost?: CallCost,
  ): Promise<RateLimitDecision>;
  /** Connects where needed, and counts a call that belongs to no user. Rejects as `consume` does. */
  probe(): Promise<void>;
}

/** `local`: count in this process; `closed`: refuse. */
export type StoreFailurePolicy = 'local' | 'closed';

/** A call that the store answered without counting it. */
export interface UncountedCall {
  readonly cause: unknown;
  /** How many such calls there were since one was last reported. */
  readonly failures: number;
}

export interface ResilientStoreOptions {
  readonly store: Pick<RemoteStore, 'consume'>;
  /** Says whether the store is called, and is told how each call ended. */
  readonly availability: RedisAvailability;
  /** @default 'local' */
  readonly onStoreFailure?: StoreFailurePolicy;
  /**
   * Counts under `local`.
   *
   * @default createMemoryStore()
   */
  readonly local?: RateLimitStore;
  /** Called for every call that the store did not decide. */
  readonly onDecidedAlone?: () => void;
  /** Called when a call failed while the store is available: at most once a minute for each cause. */
  readonly onUncounted?: (call: UncountedCall) => void;
}

/** `retryAfterMs` of a call that is refused because it could not be counted. */
const closedRetryAfterMs = 1_000;

/**
 * Decides every call, and never rejects, also while `store` is unavailable. The first call that fails
 * begins an outage; while it lasts, calls are decided at once by the policy. Where a single call fails
 * (its key holds a value of another type, for example), the policy decides that call, and a probe finds
 * out whether the store is available.
 *
 * A call is decided by the store or by the policy, never by both, and neither knows what the other
 * admitted. So under `local` a window that includes the beginning or the end of an outage may admit up
 * to `max` calls by the store and `max` by each process; a full window after the end, the store's count
 * is exact again. Under `closed` the limit is never exceeded.
 */
export function createResilientStore(options: ResilientStoreOptions): RateLimitStore {
  const { store, availability, onStoreFailure = 'local', local = createMemoryStore() } = options;
  const { onDecidedAlone, onUncounted } = options;
  const uncounted = new FailureThrottle();

  function decideAlone(
    key: RateLimitKey,
    windows: readonly RateLimitWindow[],
    cost: CallCost,
  ): RateLimitDecision | Promise<RateLimitDecision> {
    availability.decidedAlone();
    onDecidedAlone?.();
    return onStoreFailure === 'local' ? local.consume(key, windows, cost) : refuse(windows);
  }

  function noteFailure(cause: unknown, recoveriesBefore: number): void {
    if (!(cause instanceof UncountedCallError)) {
      availability.failed(cause, recoveriesBefore);
      return;
    }
    const failures = uncounted.tell(codeOf(cause));
    if (failures !== null) onUncounted?.({ cause, failures });
    availability.suspect();
  }

  return {
    consume(key, windows, cost = 1) {
      if (availability.down) return decideAlone(key, windows, cost);
      const { recoveries } = availability;
      return store.consume(key, windows, cost).then(
        (decision) => {
          availability.succeeded();
          return decision;
        },
        (error: unknown) => {
          noteFailure(error, recoveries);
          return decideAlone(key, windows, cost);
        },
      );
    },
  };
}

function refuse(windows: readonly RateLimitWindow[]): RateLimitDecision {
  return {
    admitted: false,
    retryAfterMs: closedRetryAfterMs,
    refusedBy: null,
    windows: windows.map((window) => ({ window, remaining: 0, resetMs: closedRetryAfterMs })),
  };
}
