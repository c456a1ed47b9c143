import { getGraphQLRateLimiter, Store, type Identity } from 'graphql-rate-limit';

import type { Limit } from './limit.ts';
import type { RateLimitDecision, RateLimitStore } from './store.ts';

/** Charges one call of `user`, or refuses it. */
export type VerdictLimiter = (user: string, limit: Limit) => Promise<RateLimitDecision>;

/** Creates the limiter of graphql-rate-limit in front of a store that makes the decision. */
export function createVerdictLimiter(store: RateLimitStore): VerdictLimiter {
  const limitCall = getGraphQLRateLimiter({
    store: new VerdictStore(store),
    // The package only passes the caller's name on to its store: here it is the call itself.
    identifyContext: (call: LimitedCall) => call as unknown as string,
    formatError: () => 'refused',
  });
  return (user, limit) => {
    const call = new LimitedCall(user, limit);
    return limitCall(call.asked, limiterArgs).then((refusal) =>
      call.decided(refusal === undefined),
    );
  };
}

/**
 * A limit of one call, and nothing written back: the store has charged the call already. Counting
 * to the real `max` would make the limiter copy as many timestamps on every refusal.
 */
const limiterArgs = { max: 1, readOnly: true };

const noCalls: readonly number[] = [];

/** One call that counts at any time: the limiter's clock is `Date.now` and not the store's. */
const oneCallForEver: readonly number[] = [Infinity];

type LimiterCall = Parameters<ReturnType<typeof getGraphQLRateLimiter>>[0];

class LimitedCall {
  readonly user: string;
  readonly limit: Limit;
  decision: RateLimitDecision | null = null;

  constructor(user: string, limit: Limit) {
    this.user = user;
    this.limit = limit;
  }

  /** The arguments of the limiter. Of `info` it reads only `fieldName`, as the `fieldIdentity`. */
  get asked(): LimiterCall {
    const info = { fieldName: this.limit.group } as LimiterCall['info'];
    return { parent: undefined, args: {}, context: this, info };
  }

  /** The decision, with the limiter's verdict. */
  decided(admitted: boolean): RateLimitDecision {
    const { decision } = this;
    if (decision === null) throw new Error('graphql-rate-limit did not ask its store.');
    return decision.admitted === admitted ? decision : { ...decision, admitted };
  }
}

/**
 * The store that the limiter of graphql-rate-limit reads.
 *
 * The package reads a log of timestamps, counts them, and writes the log back: two windows of one field
 * overwrite each other's log, and concurrent calls all count before any of them writes. So the decision
 * is made when the package reads, in one atomic step, and the log that it gets contains only the
 * verdict. Each call is a caller of its own to the limiter, so that the verdict reaches the call that
 * it belongs to whatever the limiter does between its steps.
 */
class VerdictStore extends Store {
  readonly #store: RateLimitStore;

  constructor(store: RateLimitStore) {
    super();
    this.#store = store;
  }

  getForIdentity({ contextIdentity }: Identity): readonly number[] | Promise<readonly number[]> {
    const call = contextIdentity as unknown as LimitedCall;
    const { user, limit } = call;
    const decision = this.#store.consume({ user, group: limit.group }, limit.windows);
    return decision instanceof Promise
      ? decision.then((decided) => logOf(call, decided))
      : logOf(call, decision);
  }

  setForIdentity(): void {
    throw new Error('graphql-rate-limit wrote to a store that has charged the call already.');
  }
}

function logOf(call: LimitedCall, decision: RateLimitDecision): readonly number[] {
  call.decision = decision;
  return decision.admitted ? noCalls : oneCallForEver;
}
