import { getGraphQLRateLimiter, Store, type Identity } from 'graphql-rate-limit';

import type { Limit } from './limit.ts';
import type { RateLimitDecision, RateLimitStore } from './store.ts';

/** Charges one call of `user`, or refuses it. */
export type VerdictLimiter = (user: string, limit: Limit) => Promise<RateLimitDecision>;

/** graphql-rate-limit's limiter in front of a store that decides by itself. */
export function createVerdictLimiter(store: RateLimitStore): VerdictLimiter {
  const verdicts = new VerdictStore(store);
  const limitCall = getGraphQLRateLimiter({
    store: verdicts,
    identifyContext: (callId: string) => callId,
    formatError: () => 'refused',
  });
  return async (user, limit) => {
    const callId = verdicts.open(user, limit);
    try {
      const refusal = await limitCall(callOf(callId, limit.group), limiterArgs);
      return { ...verdicts.decisionOn(callId), admitted: refusal === undefined };
    } finally {
      verdicts.close(callId);
    }
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

interface OpenCall {
  readonly user: string;
  readonly limit: Limit;
  decision: RateLimitDecision | undefined;
}

/**
 * What graphql-rate-limit's limiter gets to see.
 *
 * The package reads a log of timestamps, counts, and writes the log back: two windows of one field
 * overwrite each other's log, and concurrent calls all count before any writes. So the decision is
 * made where it reads, in one atomic step, and the log it gets to see holds no more than the
 * verdict. To the limiter each call is a caller of its own, named by a number: the verdict then
 * reaches its own call whatever the limiter does between its steps.
 */
class VerdictStore extends Store {
  readonly #store: RateLimitStore;
  readonly #open = new Map<string, OpenCall>();
  #opened = 0;

  constructor(store: RateLimitStore) {
    super();
    this.#store = store;
  }

  open(user: string, limit: Limit): string {
    this.#opened += 1;
    const callId = String(this.#opened);
    this.#open.set(callId, { user, limit, decision: undefined });
    return callId;
  }

  close(callId: string): void {
    this.#open.delete(callId);
  }

  decisionOn(callId: string): RateLimitDecision {
    const { decision } = this.#callOf(callId);
    if (decision === undefined) throw new Error('graphql-rate-limit did not ask its store.');
    return decision;
  }

  async getForIdentity({ contextIdentity }: Identity): Promise<readonly number[]> {
    const call = this.#callOf(contextIdentity);
    const { user, limit } = call;
    call.decision = await this.#store.consume({ user, group: limit.group }, limit.windows);
    return call.decision.admitted ? noCalls : oneCallForEver;
  }

  setForIdentity(): void {
    throw new Error('graphql-rate-limit wrote to a store that has charged the call already.');
  }

  #callOf(callId: string): OpenCall {
    const call = this.#open.get(callId);
    if (call === undefined) throw new Error('graphql-rate-limit asked about a call that is over.');
    return call;
  }
}

type LimiterCall = Parameters<ReturnType<typeof getGraphQLRateLimiter>>[0];

/** Of `info` the limiter reads `fieldName` alone, as the identity's `fieldIdentity`. */
function callOf(callId: string, group: string): LimiterCall {
  const info = { fieldName: group } as LimiterCall['info'];
  return { parent: undefined, args: {}, context: callId, info };
}
