import type { Limit } from './limit.ts';
import type {
  CallCost,
  ImmediateRateLimitStore,
  RateLimitDecision,
  RateLimitStore,
} from './store.ts';
import type { VerdictLimiter } from './verdict-limiter.ts';

export interface RateLimiterOptions {
  readonly store: RateLimitStore | ImmediateRateLimitStore;
  /** Called with every decision on a charge, for metrics. @default no call */
  readonly onDecision?: (limit: Limit, decision: RateLimitDecision) => void;
}

export interface RateLimiter {
  /**
   * Charges one call of `user` to the group of `limit`, or refuses it. With `cost` 0 it charges
   * nothing, only reads the windows, and `onDecision` is not called.
   *
   * @returns The decision, at once where the store decides in this process, else as a promise, which
   *   rejects only with what an embedder's own store throws.
   */
  decide(
    user: string,
    limit: Limit,
    cost: CallCost,
  ): RateLimitDecision | Promise<RateLimitDecision>;
}

/**
 * Creates the limiter in front of a store, which decides for all windows of a call at once.
 *
 * A store in another process, and any store of an embedder, is called through the limiter of
 * graphql-rate-limit. The memory store is called directly: it decides in a fraction of a microsecond,
 * and the promises of the package's limiter would cost four times as much, more than a twentieth of
 * all the work on a small request.
 */
export function createRateLimiter({
  store,
  onDecision = () => undefined,
}: RateLimiterOptions): RateLimiter {
  if ('decide' in store) {
    return {
      decide(user, limit, cost) {
        const decision = store.decide(user, limit, cost);
        if (cost > 0) onDecision(limit, decision);
        return decision;
      },
    };
  }
  // The package has 200 modules: a start without such a store does not load them.
  let limitCall: VerdictLimiter | undefined;
  const loading = import('./verdict-limiter.ts').then(
    ({ createVerdictLimiter }) => (limitCall = createVerdictLimiter(store)),
  );
  return {
    decide(user, limit, cost) {
      if (cost === 0) return store.consume({ user, group: limit.group }, limit.windows, 0);
      const deciding =
        limitCall?.(user, limit) ?? loading.then((loadedCall) => loadedCall(user, limit));
      return deciding.then((decision) => {
        onDecision(limit, decision);
        return decision;
      });
    },
  };
}
