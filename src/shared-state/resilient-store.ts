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

/** A store in another process, which can be out of reach. */
export interface RemoteStore extends RateLimitStore {
  /**
   * Rejects when the store did not answer in time or cannot count; with an
   * {@link UncountedCallError} when it answers and did not count this one call.
   */
  consume(
    key: RateLimitKey,
    windows: readonly RateLimitWindow[],
    cost?: CallCost,
  ): Promise<RateLimitDecision>;
  /** Connects where needed, and counts a call of nobody. Rejects as `consume` does. */
  probe(): Promise<void>;
}

/** `local`: count in this process; `closed`: refuse. */
export type StoreFailurePolicy = 'local' | 'closed';

/** A call that the store answered without counting it. */
export interface UncountedCall {
  readonly cause: unknown;
  /** Such calls since one was told last. */
  readonly failures: number;
}

export interface ResilientStoreOptions {
  readonly store: Pick<RemoteStore, 'consume'>;
  /** Whether the store is asked; it is told how each call went. */
  readonly availability: RedisAvailability;
  /** @default 'local' */
  readonly onStoreFailure?: StoreFailurePolicy;
  /**
   * Counts under `local`.
   *
   * @default createMemoryStore()
   */
  readonly local?: RateLimitStore;
  /** Told every call that the store did not decide. */
  readonly onDecidedAlone?: () => void;
  /** Told of calls that failed while the store answers: each cause once a minute at the most. */
  readonly onUncounted?: (call: UncountedCall) => void;
}

/** `retryAfterMs` of a call refused because nobody could count. */
const closedRetryAfterMs = 1_000;

/**
 * Decides every call, and never rejects, also while `store` is out of reach. The first call that fails begins an
 * outage, and while it lasts calls are decided at once by the policy. A call that fails although the
 * store answers (its key holds something else, say) is decided by the policy by itself: a probe finds
 * out whether the store answers.
 *
 * A call is decided by the store or by the policy, never by both, and neither knows what the other
 * admitted. So under `local` a window that reaches across the beginning or the end of an outage may
 * admit up to `max` of the store and `max` of each process; a full window after the end the store's
 * count is exact again. Under `closed` it is never exceeded.
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
