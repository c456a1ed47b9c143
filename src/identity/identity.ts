import type { AuthenticationError, UpstreamError } from '../errors.ts';
import type { User } from './user.ts';

/** Who is calling: a verified user, or nobody known and why. */
export type Identity = UserIdentity | AnonymousIdentity;

export interface UserIdentity {
  readonly kind: 'user';
  readonly user: User;
}

export interface AnonymousIdentity {
  readonly kind: 'anonymous';
  /** What a field that needs a user answers: no token, a bad one, or no keys to verify it with. */
  readonly error: AuthenticationError | UpstreamError;
}

/**
 * The user of an identity.
 *
 * @throws {AuthenticationError} when there is no token or a bad one.
 * @throws {UpstreamError} when the issuer's keys cannot be had.
 */
export function requireUser(identity: Identity): User {
  if (identity.kind === 'anonymous') throw identity.error;
  return identity.user;
}
