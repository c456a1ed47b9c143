import { AuthenticationError, UpstreamError } from '../errors.ts';
import { readBearerToken } from './bearer.ts';
import type { TokenVerifier } from './token-verifier.ts';
import type { User, UserIdentity } from './user.ts';

/** Who is calling: a verified user, or an unknown caller and the reason why they are unknown. */
export type Identity = UserIdentity | AnonymousIdentity;

export interface AnonymousIdentity {
  readonly kind: 'anonymous';
  /** What a field that needs a user answers: no token, a bad one, or no keys to verify it with. */
  readonly error: AuthenticationError | UpstreamError;
}

/**
 * The user of an identity.
 *
 * @throws {AuthenticationError} when there is no token or a bad one.
 * @throws {UpstreamError} when the issuer's keys are not available.
 */
export function requireUser(identity: Identity): User {
  if (identity.kind === 'anonymous') throw identity.error;
  return identity.user;
}

export interface IdentityResolverOptions {
  readonly verifier: TokenVerifier;
}

/**
 * Who sent a request, by its `Authorization` header (`null`: it has none). At once when the token
 * was verified lately or need not be looked at, and never a rejection: a request without a user
 * may still ask for what is open to everyone.
 */
export type ResolveIdentity = (authorization: string | null) => Identity | Promise<Identity>;

const usualPrefix = 'Bearer ';

export function createIdentityResolver({ verifier }: IdentityResolverOptions): ResolveIdentity {
  return (authorization) => {
    try {
      // Only verified tokens are remembered, so that the header needs no check where its token is:
      // that check costs nearly as much as the digest.
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
