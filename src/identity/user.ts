import type { JWTPayload } from 'jose';
import { AuthenticationError } from '../errors.ts';

/**
 * A caller whose session token was verified: its claims, checked for type. Frozen, and shared by all
 * requests with that token. The token itself is not in it, so that logging a user leaks nothing.
 */
export interface User {
  /** The `sub` claim: never empty. */
  readonly id: string;
  /** The `sid` claim. */
  readonly sessionId: string | null;
  readonly organization: string | null;
  readonly workspace: string | null;
  readonly organizationPermissions: readonly string[];
  readonly workspacePermissions: readonly string[];
  /**
   * The time from which the token is refused, in milliseconds since the epoch: its `exp` plus the
   * tolerance for clock differences.
   */
  readonly expiresAtMs: number;
}

/** A {@link User} as the caller of a request. Frozen: one object for as long as the token is remembered. */
export interface UserIdentity {
  readonly kind: 'user';
  readonly user: User;
}

/**
 * Reads the claims of a verified token. A claim of the wrong type counts as absent, so that it can
 * only remove rights: a permission list that is a bare string grants nothing.
 *
 * @param expiresAtMs - The time from which the token is refused, in milliseconds since the epoch.
 * @throws {AuthenticationError} When `sub` is not a non-empty string.
 */
export function readUser(payload: JWTPayload, expiresAtMs: number): User {
  const { sub } = payload as { sub?: unknown };
  if (typeof sub !== 'string' || sub === '') {
    throw new AuthenticationError(
      'The session token names no user: its "sub" claim is not a non-empty string.',
    );
  }
  return Object.freeze({
    id: sub,
    sessionId: stringOrNull(payload['sid']),
    organization: stringOrNull(payload['organization']),
    workspace: stringOrNull(payload['workspace']),
    organizationPermissions: strings(payload['organization_permissions']),
    workspacePermissions: strings(payload['workspace_permissions']),
    expiresAtMs,
  });
}

function stringOrNull(claim: unknown): string | null {
  return typeof claim === 'string' ? claim : null;
}

function strings(claim: unknown): readonly string[] {
  return Object.freeze(
    Array.isArray(claim) ? claim.filter((item): item is string => typeof item === 'string') : [],
  );
}

/** Which users are administrators, who may access everything. */
export interface AdministratorRule {
  /** The permission that makes a user an administrator; `null`: there are no administrators. */
  readonly permission: string | null;
  /**
   * The only `organization` claim with which the permission counts, because an issuer that several
   * organizations share grants permissions of the same name in each; `null`: it counts with any.
   */
  readonly organization: string | null;
}

/** Whether the rule's permission is among the user's, of the organization or of the workspace. */
export function isAdministrator(user: User, rule: AdministratorRule): boolean {
  const { permission, organization } = rule;
  if (permission === null) return false;
  if (organization !== null && user.organization !== organization) return false;
  return (
    user.organizationPermissions.includes(permission) ||
    user.workspacePermissions.includes(permission)
  );
}
