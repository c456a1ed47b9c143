import { hash } from 'node:crypto';
import { decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { CryptoKey, JWTPayload, JWTVerifyOptions } from 'jose';
import { LRUCache } from 'lru-cache';
import { AuthenticationError } from '../errors.ts';
import { createJwksEndpoint, defaultJwksUrl } from './jwks-endpoint.ts';
import { createKeySet } from './key-set.ts';
import type { OnKeyFetch } from './key-set.ts';
import { readUser } from './user.ts';
import type { UserIdentity } from './user.ts';
import { signatureAlgorithms } from './verification-keys.ts';
import type { SignatureAlgorithm, WantedKey } from './verification-keys.ts';

export interface TokenVerifierOptions {
  /** The exact `iss` that a token must have: any StringOrURI (RFC 7519 sections 2 and 4.1.1). */
  readonly issuer: string;
  /**
   * A value that the token's `aud` must contain.
   *
   * @default null: not checked
   */
  readonly audience?: string | null | undefined;
  /**
   * Where the issuer's keys are.
   *
   * @default `{issuer}/.well-known/jwks.json`: only then must the issuer be a URL
   */
  readonly jwksUrl?: string | null | undefined;
  /**
   * The time-out of one fetch of the keys, in milliseconds.
   *
   * @default 3000
   */
  readonly jwksTimeoutMs?: number | undefined;
  /**
   * The time in milliseconds since the epoch.
   *
   * @default Date.now
   */
  readonly now?: (() => number) | undefined;
  /**
   * How many verified tokens are remembered; beyond, the least recently used one is forgotten.
   *
   * @default 10000
   */
  readonly maxVerifiedTokens?: number | undefined;
  /**
   * RFC 7638 thumbprints (SHA-256) of keys whose signatures are refused, under any `kid`: keys that are
   * public knowledge.
   *
   * @default none
   */
  readonly refusedThumbprints?: readonly string[] | undefined;
  /** Called after every fetch of the keys, for metrics and logs. Must not throw. */
  readonly onKeyFetch?: OnKeyFetch | undefined;
}

export interface TokenVerifier {
  /**
   * The user of a session token: the same frozen object, without a promise, when it was verified
   * recently.
   *
   * @throws {AuthenticationError} (rejecting) When the token is refused, saying why.
   * @throws {UpstreamError} (rejecting) When the issuer's keys are not available.
   */
  verify: (token: string) => UserIdentity | Promise<UserIdentity>;
  /** As `verify` for a token that was verified recently; `undefined` for any other text. */
  recall: (token: string) => UserIdentity | undefined;
}

const clockToleranceSeconds = 5;
const maxVerifiedAgeMs = 300_000;

/**
 * Creates a verifier of session tokens: JSON Web Tokens signed with ES256, RS256 or EdDSA by the keys at
 * the issuer's JWKS URL. `iss`, `exp`, `nbf` and `sub` are checked (RFC 7519 section 4.1), with a
 * tolerance of five seconds. A verified token is accepted for five more minutes, even if the issuer
 * withdraws its key meanwhile. Creating a verifier fetches nothing.
 *
 * @throws {TypeError} When the JWKS URL is not an `http:` or `https:` URL.
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { issuer, audience, now = Date.now, maxVerifiedTokens = 10_000 } = options;
  const keySet = createKeySet({
    fetchJwks: createJwksEndpoint({
      url: options.jwksUrl ?? defaultJwksUrl(issuer),
      timeoutMs: options.jwksTimeoutMs,
    }),
    now,
    refusedThumbprints: options.refusedThumbprints,
    onKeyFetch: options.onKeyFetch,
  });
  const expected: JWTVerifyOptions = {
    issuer,
    ...(typeof audience === 'string' && { audience }),
    requiredClaims: ['exp'],
    clockTolerance: clockToleranceSeconds,
  };
  const verified = new LRUCache<TokenDigest, VerifiedToken>({ max: maxVerifiedTokens });
  const underWay = new Map<TokenDigest, Promise<UserIdentity>>();

  function recallDigest(digest: TokenDigest): UserIdentity | undefined {
    const known = verified.get(digest);
    if (known === undefined) return undefined;
    if (now() < known.untilMs) return known.identity;
    verified.delete(digest);
    return undefined;
  }

  async function check(token: string, digest: TokenDigest): Promise<UserIdentity> {
    try {
      const wanted = readHeader(token);
      const payload = await keySet.verifyBy(wanted, (key) =>
        verifyWith(key, token, {
          ...expected,
          algorithms: [wanted.alg],
          currentDate: new Date(now()),
        }),
      );
      const user = readUser(payload, (Number(payload.exp) + clockToleranceSeconds) * 1000);
      const identity = Object.freeze({ kind: 'user' as const, user });
      const untilMs = Math.min(user.expiresAtMs, now() + maxVerifiedAgeMs);
      verified.set(digest, { identity, untilMs });
      return identity;
    } catch (error) {
      throw error instanceof errors.JOSEError ? toAuthenticationError(error) : error;
    }
  }

  /** Checks a token once for all requests that arrive with it meanwhile. */
  function checkOnce(token: string, digest: TokenDigest): Promise<UserIdentity> {
    let checking = underWay.get(digest);
    if (checking === undefined) {
      // `check` cannot delete it: where the header is refused, it ends before its first `await`, before `set`.
      checking = check(token, digest).finally(() => {
        underWay.delete(digest);
      });
      underWay.set(digest, checking);
    }
    return checking;
  }

  return {
    verify(token) {
      const digest = digestToken(token);
      return recallDigest(digest) ?? checkOnce(token, digest);
    },
    recall(token) {
      return recallDigest(digestToken(token));
    },
  };
}

/** Identifies a token where the token itself should not be kept. */
type TokenDigest = string & { readonly __brand: 'TokenDigest' };

interface VerifiedToken {
  readonly identity: UserIdentity;
  /** Until when the token counts as verified, in milliseconds since the epoch. */
  readonly untilMs: number;
}

/**
 * The SHA-256 of a token. It costs about a microsecond, and keeps thousands of live credentials of
 * up to 8 KiB each out of the heap and its dumps.
 */
function digestToken(token: string): TokenDigest {
  // base64url would take twice as long.
  return hash('sha256', token, 'base64') as TokenDigest;
}

/** The header is not verified yet: it only selects the issuer's keys to verify with. */
function readHeader(token: string): WantedKey {
  const { alg, kid } = decodeHeader(token) as { alg?: unknown; kid?: unknown };
  if (!isSignatureAlgorithm(alg)) throw new errors.JOSEAlgNotAllowed();
  if (kid !== undefined && typeof kid !== 'string') throw new errors.JWTInvalid();
  return { alg, kid };
}

function decodeHeader(token: string): object {
  if (token.split('.').length !== 3) throw new errors.JWTInvalid();
  try {
    return decodeProtectedHeader(token);
  } catch (cause) {
    throw new errors.JWTInvalid(undefined, { cause });
  }
}

function isSignatureAlgorithm(alg: unknown): alg is SignatureAlgorithm {
  return signatureAlgorithms.some((accepted) => accepted === alg);
}

/**
 * The claims of a token, or `null` when its signature is not by this key.
 *
 * @throws {errors.JOSEError} (rejecting) When the token is refused for another reason.
 */
async function verifyWith(
  key: CryptoKey,
  token: string,
  options: JWTVerifyOptions,
): Promise<JWTPayload | null> {
  try {
    const { payload } = await jwtVerify(token, key, options);
    return payload;
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return null;
    throw error;
  }
}

const malformed = 'The session token is not a well-formed JSON Web Token.';

const messages: Readonly<Record<string, string>> = {
  ERR_JOSE_ALG_NOT_ALLOWED:
    'The session token is signed with an algorithm that is not accepted (accepted: ES256, RS256, EdDSA).',
  ERR_JWKS_NO_MATCHING_KEY:
    'The session token is signed with a key that its issuer does not publish.',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'The signature of the session token is not valid.',
  ERR_JWT_EXPIRED: 'The session token has expired: get a new one from its issuer.',
};

const failedClaimMessages: Readonly<Record<string, string>> = {
  aud: 'The session token is meant for another audience.',
  iss: 'The session token comes from another issuer than the one trusted here.',
  nbf: 'The session token is not valid yet: its "nbf" claim is in the future.',
};

/**
 * The error for a token that jose refused. The message names the check, never the value that would have
 * passed it, and there is no cause, which would contain the token's claims.
 */
function toAuthenticationError(refusal: errors.JOSEError): AuthenticationError {
  return new AuthenticationError(
    refusal instanceof errors.JWTClaimValidationFailed
      ? claimMessage(refusal)
      : (messages[refusal.code] ?? malformed),
  );
}

function claimMessage({ claim, reason }: errors.JWTClaimValidationFailed): string {
  const failed = reason === 'check_failed' ? failedClaimMessages[claim] : undefined;
  return failed ?? `The session token's "${claim}" claim is missing or of the wrong type.`;
}
