import { errors } from 'jose';
import type { CryptoKey } from 'jose';
import { UpstreamError } from '../errors.ts';
import type { FetchJwks, KeyFetchError } from './jwks-endpoint.ts';
import { createVerificationKeys, readVerificationKeys } from './verification-keys.ts';
import type { Candidates, VerificationKeys, WantedKey } from './verification-keys.ts';

/** `refused` is a fetch not made, because tokens with unknown keys had used up the budget. */
export type KeyFetchOutcome = 'fetched' | 'failed' | 'refused';

/** @param cause given with `failed`: fit for a log, and the same message as long as the cause is the same */
export type OnKeyFetch = (outcome: KeyFetchOutcome, cause?: KeyFetchError) => void;

export interface KeySetOptions {
  readonly fetchJwks: FetchJwks;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** RFC 7638 thumbprints of keys that sign nothing here, should the issuer publish them. */
  readonly refusedThumbprints?: readonly string[] | undefined;
  /** Told of every fetch. Must not throw. */
  readonly onKeyFetch?: OnKeyFetch | undefined;
}

/** The keys an issuer publishes, as they change. */
export interface KeySet {
  /**
   * What `check` makes of the first key it takes. Where it takes none of those known, the issuer is
   * asked for newer ones: it may have published the token's key since.
   *
   * @param check resolves with `null` when the signature is not of this key; its rejections pass through
   * @throws {errors.JWKSNoMatchingKey} when the issuer, asked after the token came, publishes no such key.
   * @throws {errors.JWSSignatureVerificationFailed} when it does, and the signature is not of that key.
   * @throws {UpstreamError} when the issuer could not be asked, or was asked too often.
   */
  verifyBy: <T>(wanted: WantedKey, check: (key: CryptoKey) => Promise<T | null>) => Promise<T>;
}

const minute = 60_000;
/** From this age on, keys are refreshed in the background. */
const refreshAfterMs = 5 * minute;
/** From this age on, a token waits for the refresh, so that a quiet hour revives no withdrawn key. */
const freshForMs = 10 * minute;
/** How much longer known keys serve while the issuer is down (RFC 5861 section 4). */
const staleIfErrorMs = 60 * minute;
/** Least time between two refreshes while they fail and the keys known serve on. */
const retryAfterMs = 30_000;
/** What tokens with unknown keys may cause: anyone can make up a `kid`, or a signature. */
const unknownKeyBudget = { max: 5, windowMs: 30_000 };
/**
 * What tokens may cause that wait for an issuer that is down. The window is short: users must get
 * in soon after the issuer is up.
 */
const failureBudget = { max: 3, windowMs: 3000 };

/**
 * The issuer's keys, fetched when first needed. jose's remote key set refuses a freshly rotated key
 * for as long as its cool-down lasts; here an unknown key is asked for at once, one fetch at a time,
 * and only fetches that do not bring it are charged to a budget.
 */
export function createKeySet(options: KeySetOptions): KeySet {
  const { fetchJwks, now, refusedThumbprints, onKeyFetch } = options;
  const unknownKeys = createBudget(unknownKeyBudget, now);
  const failures = createBudget(failureBudget, now);
  let keys: VerificationKeys = createVerificationKeys([]);
  let fetchedAt = -Infinity;
  let failedAt = -Infinity;
  let failure: KeyFetchError | undefined;
  let pending: Promise<void> | undefined;
  /** Fetches are numbered, so that keys can be told to be newer than a token. */
  let fetchesBegun = 0;
  let keysAreOf = 0;

  async function verifyBy<T>(
    wanted: WantedKey,
    check: (key: CryptoKey) => Promise<T | null>,
  ): Promise<T> {
    const begunBefore = fetchesBegun;
    await refresh();
    let charge: Charge | undefined;
    for (;;) {
      const triedKeysAreOf = keysAreOf;
      const candidates = await select(wanted);
      const verified = await firstVerified(candidates, check);
      if (verified !== null) {
        charge?.refund();
        return verified;
      }
      const isUnknown =
        candidates.keys.length === 0 || (wanted.kid !== undefined && !candidates.named);
      const refusal = isUnknown
        ? new errors.JWKSNoMatchingKey()
        : new errors.JWSSignatureVerificationFailed();
      if (triedKeysAreOf > begunBefore) throw refusal;
      // Newer keys may have come for another token while this one was checked.
      if (keysAreOf > triedKeysAreOf) continue;
      try {
        charge = await renew();
      } catch (error) {
        // A key of the token's own kid is known: that the issuer has put another in its place is
        // too unlikely to put the caller off.
        throw candidates.named ? refusal : error;
      }
    }
  }

  async function select(wanted: WantedKey): Promise<Candidates> {
    const isOutdated = now() - fetchedAt >= freshForMs + staleIfErrorMs;
    return isOutdated ? { keys: [], named: false } : keys.select(wanted);
  }

  async function refresh(): Promise<void> {
    const nowMs = now();
    if (fetchedAt === -Infinity || isWithin(nowMs, fetchedAt, refreshAfterMs)) return;
    if (isWithin(nowMs, failedAt, retryAfterMs)) return;
    // Known keys serve on whatever comes of it, and `onKeyFetch` has told of a failure.
    const refreshed = load().catch(() => undefined);
    const isIssuerDown = failedAt > fetchedAt;
    if (nowMs - fetchedAt >= freshForMs && !isIssuerDown) await refreshed;
  }

  /**
   * Waits for newer keys. A fetch under way may have begun before the issuer published the token's
   * key: should it not bring the key, it says nothing, and the next one decides.
   */
  async function renew(): Promise<Charge | undefined> {
    if (pending) {
      await pending;
      return undefined;
    }
    const attempt = failures.take();
    if (attempt === null) throw keysUnreachable(failure);
    const charge = unknownKeys.take();
    if (charge === null) {
      attempt.refund();
      onKeyFetch?.('refused');
      throw askedTooOften();
    }
    try {
      await load();
    } catch (error) {
      charge.refund();
      throw error;
    }
    attempt.refund();
    return charge;
  }

  function load(): Promise<void> {
    pending ??= fetchKeys().finally(() => {
      pending = undefined;
    });
    return pending;
  }

  async function fetchKeys(): Promise<void> {
    const startedAt = now();
    const number = ++fetchesBegun;
    try {
      keys = await fetchJwks((jwks) => readVerificationKeys(jwks, refusedThumbprints));
      fetchedAt = startedAt;
      keysAreOf = number;
    } catch (cause) {
      failedAt = now();
      failure = cause as KeyFetchError;
      onKeyFetch?.('failed', failure);
      throw keysUnreachable(failure);
    }
    onKeyFetch?.('fetched');
  }

  return { verifyBy };
}

async function firstVerified<T>(
  { keys }: Candidates,
  check: (key: CryptoKey) => Promise<T | null>,
): Promise<T | null> {
  for (const key of keys) {
    const verified = await check(key);
    if (verified !== null) return verified;
  }
  return null;
}

interface Charge {
  refund(): void;
}

interface Budget {
  /** Charges one fetch, or answers `null` when none is left. */
  take(): Charge | null;
}

/** At most `max` charges within the last `windowMs` milliseconds, whoever causes them. */
function createBudget(
  { max, windowMs }: { readonly max: number; readonly windowMs: number },
  now: () => number,
): Budget {
  let charges: readonly { readonly at: number }[] = [];
  return {
    take() {
      const nowMs = now();
      charges = charges.filter(({ at }) => isWithin(nowMs, at, windowMs));
      if (charges.length >= max) return null;
      const charge = { at: nowMs };
      charges = [...charges, charge];
      return {
        refund() {
          charges = charges.filter((other) => other !== charge);
        },
      };
    },
  };
}

/**
 * Whether `at` is less than `ms` ago. A time in the future is not: the clock was set back since, and
 * waiting for that time could take hours.
 */
function isWithin(nowMs: number, at: number, ms: number): boolean {
  return at <= nowMs && nowMs - at < ms;
}

function keysUnreachable(cause: KeyFetchError | undefined): UpstreamError {
  return new UpstreamError('The signing keys of the issuer are not reachable.', {
    code: 'UPSTREAM_UNAVAILABLE',
    retryable: true,
    cause,
  });
}

function askedTooOften(): UpstreamError {
  return new UpstreamError(
    'The signing key of the session token is not known yet, and its issuer was asked for new keys too often: try again later.',
    { code: 'UPSTREAM_UNAVAILABLE', retryable: true },
  );
}
