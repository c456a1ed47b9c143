import { AuthenticationError, UpstreamError } from '../errors.ts';
import { readBearerToken } from './bearer.ts';
import type { TokenVerifier } from './token-verifier.ts';
import type { User, UserIdentity } from './user.ts';

/** The caller of a request: a verified user, or an anonymous caller with the reason for that. */
export type Identity = UserIdentity | AnonymousIdentity;

/** A caller without a verified token. */
export interface AnonymousIdentity {
  readonly kind: 'anonymous';
  /** The error of a field that needs a user: no token, an invalid one, or no keys to verify it with. */
  readonly error: AuthenticationError | UpstreamError;
}

/**
 * The user of an identity.
 *
 * @throws {AuthenticationError} When there is no token, or an invalid one.
 * @throws {UpstreamError} When the issuer's keys are not available.
 */
export function requireUser(identity: Identity): User {
  if (identity.kind === 'anonymous') throw identity.error;
  return identity.user;
}

export interface IdentityResolverOptions {
  readonly verifier: TokenVerifier;
}

/**
 * Returns the caller of a request by its `Authorization` header (`null`: it has none). Without a promise
 * when the token was verified recently or cannot be valid. The promise never rejects: a request without
 * a user may still select fields that need none.
 */
export type ResolveIdentity = (authorization: string | null) => Identity | Promise<Identity>;

/** The usual spelling of the scheme, which is case-insensitive. */
const usualPrefix = 'Bearer ';

/** Creates a {@link ResolveIdentity} by session tokens. */
export function createIdentityResolver({ verifier }: IdentityResolverOptions): ResolveIdentity {
  return (authorization) => {
    try {
      // Only verified tokens are remembered, so a header with such a token needs no check of its form,
      // which costs nearly as much as the digest.
      if (authorization?.startsWith(usualPrefix)) {
        const known = verifier.recall(authorization.slice(usualPrefix.length));
        if (known !== undefined) return known;
      }
      const identity = verifier.verify(readBearerToken(authorization));
      return identity instanceof Promise ? identity.catch(toAnonymous) : identity;
    } catch (error) {
      return toAnonymous(error);
    }
  };
}

function toAnonymous(reason: unknown): AnonymousIdentity {
  if (reason instanceof AuthenticationError || reason instanceof UpstreamError) {
    return { kind: 'anonymous', error: reason };
  }
  const error = new UpstreamError('The session token could not be verified.', {
    code: 'UPSTREAM_FAILED',
    retryable: false,
    cause: reason,
  });
  return { kind: 'anonymous', error };
}
