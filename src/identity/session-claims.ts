import type { JWTPayload } from 'jose';
import { AuthenticationError } from '../errors.ts';

/** What a session token says of its user, checked for type. Frozen, and free of the token itself. */
export interface SessionClaims {
  /** The `sub` claim: the user's id, never empty. */
  readonly id: string;
  /** The `sid` claim. */
  readonly sessionId: string | null;
  readonly organization: string | null;
  readonly workspace: string | null;
  readonly organizationPermissions: readonly string[];
  readonly workspacePermissions: readonly string[];
}

/**
 * Reads the claims of a verified token. A claim of the wrong type counts as absent, so that it can
 * only take rights away: a permission list that is a bare string grants nothing.
 *
 * @throws {AuthenticationError} when `sub` is not a non-empty string.
 */
export function readSessionClaims(payload: JWTPayload): SessionClaims {
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
