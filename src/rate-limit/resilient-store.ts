import { setTimeout as delay } from 'node:timers/promises';
import type { RateLimitWindow } from './limit.ts';
import { createMemoryStore } from './memory-store.ts';
import type {
  CallCost,
  RateLimitDecision,
  RateLimitKey,
  RateLimitStore,
  RemoteStore,
} from './store.ts';

/** `local`: count in this process; `closed`: refuse. */
export type StoreFailurePolicy = 'local' | 'closed';

export interface Outage {
  /** What the first call that failed met. */
  readonly cause: unknown;
}

export interface Recovery {
  readonly outageMs: number;
  /** Calls that were decided by the policy. */
  readonly calls: number;
}

export interface ResilientStoreOptions {
  readonly store: RemoteStore;
  /** @default 'local' */
  readonly onStoreFailure?: StoreFailurePolicy;
  /**
   * Counts under `local`.
   *
   * @default createMemoryStore()
   */
  readonly local?: RateLimitStore;
  /**
   * Milliseconds between two probes of a store that does not answer.
   *
   * @default 250
   */
  readonly probeIntervalMs?: number;
  /** Told every call that the store did not decide. */
  readonly onDecidedAlone?: () => void;
  /** Told once an outage, when it begins. */
  readonly onOutage?: (outage: Outage) => void;
  /** Told once an outage, when the store answers again. */
  readonly onRecovery?: (recovery: Recovery) => void;
}

export interface ResilientStore extends RateLimitStore {
  /** Never rejects. */
  consume(
    key: RateLimitKey,
    windows: readonly RateLimitWindow[],
    cost?: CallCost,
  ): Promise<RateLimitDecision>;
  /** Whether the store answered when last asked; false until it first has. */
  readonly healthy: boolean;
  /** Connects. Resolves when the store answered, or when the outage has begun; never rejects. */
  start(): Promise<void>;
  close(): void;
}

/** `retryAfterMs` of a call refused because nobody could count. */
const closedRetryAfterMs = 1_000;

/**
 * Decides every call, also while `store` is out of reach. The first call that fails begins an
 * outage; while it lasts calls are decided at once by the policy, and one probe at a time, the first
 * without delay, finds out when the store is back.
 *
 * A call is decided by the store or by the policy, never by both, and neither knows what the other
 * admitted. So under `local` a window that reaches across the beginning or the end of an outage may
 * admit up to `max` of the store and `max` of each process; a full window after the end the store's
 * count is exact again. Under `closed` it is never exceeded.
 */
export function createResilientStore(options: ResilientStoreOptions): ResilientStore {
  const { store, onStoreFailure = 'local', probeIntervalMs = 250 } = options;
  const { local = createMemoryStore(), onDecidedAlone, onOutage, onRecovery } = options;
  const closing = new AbortController();
  let outage: { readonly sinceMs: number; calls: number } | undefined;
  let answered = false;
  let recoveries = 0;

  function decideAlone(
    key: RateLimitKey,
    windows: readonly RateLimitWindow[],
    cost: CallCost,
  ): RateLimitDecision | Promise<RateLimitDecision> {
    if (outage !== undefined) outage.calls += 1;
    onDecidedAlone?.();
    return onStoreFailure === 'local' ? local.consume(key, windows, cost) : refuse(windows);
  }

  function beginOutage(cause: unknown): void {
    if (outage !== undefined || closing.signal.aborted) return;
    outage = { sinceMs: performance.now(), calls: 0 };
    onOutage?.({ cause });
    void probeUntilAnswered();
  }

  async function probeUntilAnswered(): Promise<void> {
    while (!(await answersProbe())) {
      if (closing.signal.aborted) return;
      await delay(probeIntervalMs, undefined, { ref: false });
    }
    endOutage();
  }

  function endOutage(): void {
    if (outage === undefined) return;
    const { sinceMs, calls } = outage;
    outage = undefined;
    recoveries += 1;
    onRecovery?.({ outageMs: performance.now() - sinceMs, calls });
  }

  /** Why it does not answer has been told when the outage began. */
  function answersProbe(): Promise<boolean> {
    return store.probe().then(
      () => (answered = true),
      () => false,
    );
  }

  return {
    get healthy() {
      return answered && outage === undefined;
    },

    async start() {
      await store.probe().then(() => (answered = true), beginOutage);
    },

    async consume(key, windows, cost = 1) {
      if (outage !== undefined) return decideAlone(key, windows, cost);
      const recoveriesBefore = recoveries;
      try {
        const decision = await store.consume(key, windows, cost);
        answered = true;
        return decision;
      } catch (error) {
        // A call from before an outage that is over by now says nothing about the store.
        if (recoveries === recoveriesBefore) beginOutage(error);
        return decideAlone(key, windows, cost);
      }
    },

    close() {
      closing.abort();
      store.close();
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
