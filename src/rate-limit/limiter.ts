import { getGraphQLRateLimiter, Store } from 'graphql-rate-limit';
import type { Identity } from 'graphql-rate-limit';
import type { RateLimitWindow } from './limit.ts';
import type { RateLimitDecision, RateLimitKey, RateLimitStore } from './store.ts';

type LimiterCall = Parameters<ReturnType<typeof getGraphQLRateLimiter>>[0];

export interface RateLimiterOptions {
  readonly store: RateLimitStore;
  /** Told every decision, for metrics. */
  readonly onDecision?: (key: RateLimitKey, decision: RateLimitDecision) => void;
}

export interface RateLimiter {
  /**
   * Charges one call of `user` to `group`, or refuses it. A refusal is a decision like any other:
   * nothing is thrown for it. Rejects only with what the store throws.
   */
  consume(
    user: string,
    group: string,
    windows: readonly RateLimitWindow[],
  ): Promise<RateLimitDecision>;
  /** What is left to `user` of `group`. Charges nothing, and is told to nobody. */
  peek(
    user: string,
    group: string,
    windows: readonly RateLimitWindow[],
  ): Promise<RateLimitDecision>;
}

/**
 * graphql-rate-limit's limiter in front of a store that decides by itself.
 *
 * The package's limiter reads a log of timestamps, counts, and writes the log back: two windows of
 * one field overwrite each other's log, and concurrent calls all count before any writes. So the
 * decision for all windows is made where it reads, in one atomic step, and the log it gets to see
 * says no more than the verdict. Each call has a limiter and a store of its own, so that a verdict
 * cannot reach another call whatever the limiter does between its steps; both are a few closures.
 */
export function createRateLimiter({ store, onDecision }: RateLimiterOptions): RateLimiter {
  return {
    async consume(user, group, windows) {
      const verdict = new VerdictStore(store, windows);
      const limit = getGraphQLRateLimiter({
        store: verdict,
        identifyContext: () => user,
        formatError: () => 'refused',
      });
      const refusal = await limit(callOf(group), limiterArgs);
      const decision = { ...verdict.decision, admitted: refusal === undefined };
      onDecision?.({ user, group }, decision);
      return decision;
    },
    async peek(user, group, windows) {
      return store.consume({ user, group }, windows, 0);
    },
  };
}

/**
 * A limit of one call, and nothing written back: the store has charged the call already. Counting
 * to the real `max` would make the limiter copy as many timestamps on every refusal.
 */
const limiterArgs = { max: 1, readOnly: true };

const noCalls: readonly number[] = [];

/** One call that counts whatever the limiter's clock, which is `Date.now` and not the store's. */
const oneCallForEver: readonly number[] = [Infinity];

class VerdictStore extends Store {
  readonly #store: RateLimitStore;
  readonly #windows: readonly RateLimitWindow[];
  #decision: RateLimitDecision | undefined;

  constructor(store: RateLimitStore, windows: readonly RateLimitWindow[]) {
    super();
    this.#store = store;
    this.#windows = windows;
  }

  get decision(): RateLimitDecision {
    if (this.#decision === undefined) throw new Error('graphql-rate-limit did not ask its store.');
    return this.#decision;
  }

  async getForIdentity(identity: Identity): Promise<readonly number[]> {
    const key = { user: identity.contextIdentity, group: identity.fieldIdentity };
    this.#decision = await this.#store.consume(key, this.#windows);
    return this.#decision.admitted ? noCalls : oneCallForEver;
  }

  setForIdentity(): void {
    throw new Error('graphql-rate-limit wrote to a store that has charged the call already.');
  }
}

/** Of all it is given the limiter reads `info.fieldName`, as the identity's `fieldIdentity`. */
function callOf(group: string): LimiterCall {
  const info = { fieldName: group } as LimiterCall['info'];
  return { parent: undefined, args: {}, context: undefined, info };
}
