import { AuthenticationError, UpstreamError } from '../errors.ts';
import { readBearerToken } from './bearer.ts';
import type { AnonymousIdentity, Identity } from './identity.ts';
import type { TokenVerifier } from './token-verifier.ts';
import type { User } from './user.ts';

export interface IdentityResolverOptions {
  readonly verifier: TokenVerifier;
}

/**
 * Who sent a request, by its `Authorization` header (`null`: it has none). At once when the token
 * was verified lately or need not be looked at, and never a rejection: a request without a user
 * may still ask for what is open to everyone.
 */
export type ResolveIdentity = (authorization: string | null) => Identity | Promise<Identity>;

export function createIdentityResolver({ verifier }: IdentityResolverOptions): ResolveIdentity {
  return (authorization) => {
    try {
      const user = verifier.verify(readBearerToken(authorization));
      return user instanceof Promise ? user.then(identify, nobody) : identify(user);
    } catch (error) {
      return nobody(error);
    }
  };
}

function identify(user: User): Identity {
  return { kind: 'user', user };
}

function nobody(reason: unknown): AnonymousIdentity {
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
