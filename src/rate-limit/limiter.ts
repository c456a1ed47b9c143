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
  /** Told every decision on a charge, for metrics. */
  readonly onDecision?: (limit: Limit, decision: RateLimitDecision) => void;
}

export interface RateLimiter {
  /**
   * Charges one call of `user` to the group of `limit`, or refuses it: a refusal is a decision like
   * any other. With `cost` 0 it tells what is left, charges nothing, and `onDecision` is not told.
   *
   * @returns the decision at once where the store decides in this process, else a promise. That
   *   rejects only with what an embedder's own store throws.
   */
  decide(
    user: string,
    limit: Limit,
    cost: CallCost,
  ): RateLimitDecision | Promise<RateLimitDecision>;
}

/**
 * The limiter in front of a store that decides by itself, for all windows of a call at once.
 *
 * A store in another process, and any store of an embedder's, is asked by graphql-rate-limit's
 * limiter. The memory store is asked directly: it decides in a fraction of a microsecond, and the
 * promises of the package's limiter would cost four times as much, more than a twentieth of all the
 * work on a small request.
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
  // The package is 200 modules, which a start without such a store does not wait for.
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
