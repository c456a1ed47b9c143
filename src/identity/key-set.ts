import { errors } from 'jose';
import type { CryptoKey } from 'jose';
import { UpstreamError } from '../errors.ts';
import type { FetchJwks, KeyFetchError } from './jwks-endpoint.ts';
import { createVerificationKeys, readVerificationKeys } from './verification-keys.ts';
import type { Candidates, VerificationKeys, WantedKey } from './verification-keys.ts';

/** `refused`: no fetch was made, because tokens with unknown keys had used up the budget. */
export type KeyFetchOutcome = 'fetched' | 'failed' | 'refused';

/**
 * Called after each fetch of the keys.
 *
 * @param cause - Given with `failed`. Safe to log, with the same message as long as the cause is the same.
 */
export type OnKeyFetch = (outcome: KeyFetchOutcome, cause?: KeyFetchError) => void;

export interface KeySetOptions {
  readonly fetchJwks: FetchJwks;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** RFC 7638 thumbprints of keys that are not accepted, even if the issuer publishes them. */
  readonly refusedThumbprints?: readonly string[] | undefined;
  /** Called after every fetch, and for every one that is refused. Must not throw. */
  readonly onKeyFetch?: OnKeyFetch | undefined;
}

/** The keys that an issuer publishes, kept up to date. */
export interface KeySet {
  /**
   * Resolves with the result of `check` for the first key that it accepts. Where it accepts no known
   * key, newer ones are fetched: the issuer may have published the token's key since.
   *
   * @param check - Resolves with `null` when the signature is not by this key; its rejections pass through.
   * @throws {errors.JWKSNoMatchingKey} (rejecting) When the keys, fetched after the token arrived,
   *   contain no such key.
   * @throws {errors.JWSSignatureVerificationFailed} (rejecting) When they do, and the signature is not by
   *   that key.
   * @throws {UpstreamError} (rejecting) When the keys could not be fetched, or were fetched too often.
   */
  verifyBy: <T>(wanted: WantedKey, check: (key: CryptoKey) => Promise<T | null>) => Promise<T>;
}

const minute = 60_000;
/** From this age on, keys are refreshed in the background. */
const refreshAfterMs = 5 * minute;
/** From this age on, a token waits for the refresh, so that a withdrawn key is not used after a quiet hour. */
const freshForMs = 10 * minute;
/** How much longer known keys are used while the issuer is down (RFC 5861 section 4). */
const staleIfErrorMs = 60 * minute;
/** The least time between two refreshes while they fail and the known keys are used. */
const retryAfterMs = 30_000;
/** The fetches that tokens with unknown keys may cause: anyone can invent a `kid` or a signature. */
const unknownKeyBudget = { max: 5, windowMs: 30_000 };
/**
 * The fetches that tokens may cause while the issuer is down. The window is short, so that users are
 * accepted soon after it is up again.
 */
const failureBudget = { max: 3, windowMs: 3000 };

/**
 * Creates the issuer's key set, which is fetched when it is first needed. jose's remote key set refuses
 * a freshly rotated key for as long as its cool-down lasts. Here an unknown key causes a fetch at once,
 * one at a time, and only fetches that do not bring the key are charged to a budget.
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
  /** Fetches are numbered, to know whether keys were fetched after a token arrived. */
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
      // Newer keys may have been fetched for another token while this one was checked.
      if (keysAreOf > triedKeysAreOf) continue;
      try {
        charge = await renew();
      } catch (error) {
        // A key with the token's `kid` is known, so the signature is most likely wrong: it is too unlikely
        // that the issuer has replaced the key to tell the caller to try again.
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
    // Known keys stay in use where it fails, and `onKeyFetch` has been called with the failure.
    const refreshed = load().catch(() => undefined);
    const isIssuerDown = failedAt > fetchedAt;
    if (nowMs - fetchedAt >= freshForMs && !isIssuerDown) await refreshed;
  }

  /**
   * Waits for newer keys. A fetch under way may have begun before the issuer published the token's key:
   * where it does not bring the key, the next fetch decides.
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
  /** Charges one fetch. @returns `null` when the budget is used up. */
  take(): Charge | null;
}

/** Allows at most `max` charges within the last `windowMs` milliseconds, for all callers together. */
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
 * Whether `at` is less than `ms` ago. A time in the future is not: the clock has been set back, and that
 * time may be hours away.
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
