import { errors } from 'jose';
import type { Dispatcher } from 'undici';
import { createJwksEndpoint, defaultJwksUrl } from './jwks-endpoint.ts';
import { createKeySet } from './key-set.ts';
import type { KeyFetchOutcome } from './key-set.ts';
import { readSessionClaims } from './session-claims.ts';
import type { SessionClaims } from './session-claims.ts';
import { verifySignedToken } from './signed-token.ts';
import { toAuthenticationError } from './token-refusal.ts';
import { User } from './user.ts';
import { createVerifiedTokens, digestToken } from './verified-tokens.ts';
import type { TokenDigest } from './verified-tokens.ts';

export interface TokenVerifierOptions {
  /** What a token's `iss` must be, to the letter (RFC 7519 section 4.1.1). */
  readonly issuer: string;
  /**
   * What must be among a token's `aud`.
   *
   * @default null: not checked
   */
  readonly audience?: string | null | undefined;
  /** @default `{issuer}/.well-known/jwks.json` */
  readonly jwksUrl?: string | null | undefined;
  /**
   * Deadline in milliseconds of one fetch of the keys.
   *
   * @default 3000
   */
  readonly jwksTimeoutMs?: number | undefined;
  /** @default undici's global dispatcher */
  readonly dispatcher?: Dispatcher | undefined;
  /**
   * The time in milliseconds since the epoch.
   *
   * @default Date.now
   */
  readonly clock?: (() => number) | undefined;
  /**
   * Verified tokens remembered at most.
   *
   * @default 10000
   */
  readonly maxVerifiedTokens?: number | undefined;
  /**
   * RFC 7638 thumbprints (SHA-256) of keys whose signatures are refused, whatever `kid` the issuer
   * publishes them under: keys that everyone has.
   *
   * @default none
   */
  readonly refusedThumbprints?: readonly string[] | undefined;
  /** Told of every fetch of the keys, for metrics. Must not throw. */
  readonly onKeyFetch?: ((outcome: KeyFetchOutcome) => void) | undefined;
}

export interface TokenVerifier {
  /**
   * The user a session token belongs to: at once when the token was verified lately.
   *
   * @throws {AuthenticationError} (rejecting) when the token is refused, saying why.
   * @throws {UpstreamError} (rejecting) when the issuer's keys cannot be had.
   */
  verify: (token: string) => User | Promise<User>;
}

const clockToleranceSeconds = 5;
const maxVerifiedAgeMs = 300_000;

/**
 * Verifies session tokens: JSON Web Tokens signed with ES256, RS256 or EdDSA by the keys at the
 * issuer's JWKS URL, with `iss`, `exp`, `nbf` and `sub` (RFC 7519 section 4.1), within five seconds of clock
 * difference. A token once verified is good for five minutes more, even should the issuer withdraw
 * its key meanwhile. Creating a verifier fetches nothing.
 *
 * @throws {TypeError} when the JWKS URL is no `http:` or `https:` URL.
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { issuer, audience, clock = Date.now, onKeyFetch, maxVerifiedTokens = 10_000 } = options;
  const keySet = createKeySet({
    fetchJwks: createJwksEndpoint({
      url: options.jwksUrl ?? defaultJwksUrl(issuer),
      timeoutMs: options.jwksTimeoutMs,
      dispatcher: options.dispatcher,
    }),
    clock,
    refusedThumbprints: options.refusedThumbprints,
    onKeyFetch,
  });
  const verified = createVerifiedTokens({
    max: maxVerifiedTokens,
    maxAgeMs: maxVerifiedAgeMs,
    clock,
  });
  const underWay = new Map<TokenDigest, Promise<SessionClaims>>();

  async function check(token: string, digest: TokenDigest): Promise<SessionClaims> {
    try {
      const payload = await verifySignedToken(token, keySet, {
        issuer,
        ...(typeof audience === 'string' && { audience }),
        requiredClaims: ['exp'],
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(clock()),
      });
      const claims = readSessionClaims(payload);
      verified.add(digest, claims, (Number(payload.exp) + clockToleranceSeconds) * 1000);
      return claims;
    } catch (error) {
      throw error instanceof errors.JOSEError ? toAuthenticationError(error) : error;
    } finally {
      underWay.delete(digest);
    }
  }

  async function checkOnce(token: string, digest: TokenDigest): Promise<User> {
    let checking = underWay.get(digest);
    if (checking === undefined) {
      checking = check(token, digest);
      underWay.set(digest, checking);
    }
    return new User(await checking, token);
  }

  return {
    verify(token) {
      const digest = digestToken(token);
      const claims = verified.get(digest);
      return claims ? new User(claims, token) : checkOnce(token, digest);
    },
  };
}
