import { UpstreamError } from '../errors.ts';
import { createFetchBudget } from './fetch-budget.ts';
import type { FetchJwks } from './jwks-endpoint.ts';
import { importVerificationKeys } from './verification-key.ts';
import type { VerificationAlgorithm, VerificationKey } from './verification-key.ts';

/** `refused` is a fetch not made, because tokens with unknown keys had used up the budget. */
export type KeyFetchOutcome = 'fetched' | 'failed' | 'refused';

export interface KeySetOptions {
  readonly fetchJwks: FetchJwks;
  /** The time in milliseconds. */
  readonly clock: () => number;
  /** RFC 7638 thumbprints of keys that sign nothing here, should the issuer publish them. */
  readonly refusedThumbprints?: readonly string[] | undefined;
  /** Told of every fetch. Must not throw. */
  readonly onKeyFetch?: ((outcome: KeyFetchOutcome) => void) | undefined;
}

/** What a token's header says of the key that signed it. */
export interface WantedKey {
  readonly algorithm: VerificationAlgorithm;
  /** Absent: any key of the algorithm (RFC 7515 section 4.1.4 makes it optional). */
  readonly kid: string | undefined;
}

/** The keys an issuer publishes. */
export interface KeySet {
  /**
   * The keys a token may be signed with: none means that the issuer, asked after the token came,
   * publishes no such key.
   *
   * @throws {UpstreamError} when the issuer cannot be asked, or was asked too often.
   */
  find: (wanted: WantedKey) => Promise<readonly VerificationKey[]>;
}

const minute = 60_000;
/** From this age on, keys are refreshed in the background. */
const refreshAfterMs = 5 * minute;
/** From this age on, a token waits for the refresh, so that a quiet hour revives no withdrawn key. */
const freshForMs = 10 * minute;
/** How much longer known keys serve while the issuer is down (RFC 5861 section 4). */
const staleIfErrorMs = 60 * minute;
/** Least time between two refreshes while they fail. */
const retryAfterMs = 30_000;
/** What tokens with unknown keys may cause: anyone can make up a `kid`. */
const unknownKeyBudget = { max: 5, windowMs: 30_000 };

/**
 * The issuer's keys, fetched when first needed. jose's remote key set refuses a freshly rotated key
 * for as long as its cool-down lasts; here an unknown key is asked for at once, one fetch at a time,
 * and only fetches that do not bring it are charged to a budget.
 */
export function createKeySet(options: KeySetOptions): KeySet {
  const { fetchJwks, clock, refusedThumbprints, onKeyFetch } = options;
  const budget = createFetchBudget({ ...unknownKeyBudget, clock });
  let keys: readonly VerificationKey[] = [];
  let fetchedAt = -Infinity;
  let failedAt = -Infinity;
  let pending: Promise<void> | undefined;

  async function find(wanted: WantedKey): Promise<readonly VerificationKey[]> {
    await refresh();
    // A fetch under way may have begun before the issuer published the token's key. Should it not
    // bring the key, it says nothing, and the next one, begun after the token came, decides.
    if (select(wanted).length === 0 && pending) await pending;
    if (select(wanted).length === 0) await (pending ?? fetchFor(wanted));
    return select(wanted);
  }

  function select({ algorithm, kid }: WantedKey): readonly VerificationKey[] {
    if (clock() - fetchedAt >= freshForMs + staleIfErrorMs) return [];
    return keys.filter(
      (key) => key.algorithm === algorithm && (kid === undefined || key.kid === kid),
    );
  }

  async function refresh(): Promise<void> {
    const now = clock();
    const age = now - fetchedAt;
    if (age < refreshAfterMs || age === Infinity || now - failedAt < retryAfterMs) return;
    // Known keys serve on whatever comes of it, and `onKeyFetch` has told of a failure.
    const refreshed = load().catch(() => undefined);
    const isIssuerDown = failedAt > fetchedAt;
    if (age >= freshForMs && !isIssuerDown) await refreshed;
  }

  async function fetchFor(wanted: WantedKey): Promise<void> {
    if (!budget.take()) {
      onKeyFetch?.('refused');
      throw keysUnavailable();
    }
    await load(() => {
      if (select(wanted).length > 0) budget.refund();
    });
  }

  function load(onLoaded?: () => void): Promise<void> {
    pending ??= fetchKeys(onLoaded).finally(() => {
      pending = undefined;
    });
    return pending;
  }

  async function fetchKeys(onLoaded?: () => void): Promise<void> {
    const startedAt = clock();
    try {
      keys = await importVerificationKeys(await fetchJwks(), refusedThumbprints);
      fetchedAt = startedAt;
    } catch (cause) {
      failedAt = clock();
      onKeyFetch?.('failed');
      throw keysUnavailable(cause);
    }
    onLoaded?.();
    onKeyFetch?.('fetched');
  }

  return { find };
}

function keysUnavailable(cause?: unknown): UpstreamError {
  return new UpstreamError(
    'The keys that session tokens are verified with cannot be had at the moment: try again.',
    { code: 'UPSTREAM_UNAVAILABLE', retryable: true, cause },
  );
}
