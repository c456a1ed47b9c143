import type { User } from '../../src/identity/user.ts';

/** A user of no organization, with no permissions, whose token does not expire. */
export function userNamed(id: string): User {
  return {
    id,
    sessionId: null,
    organization: null,
    workspace: null,
    organizationPermissions: [],
    workspacePermissions: [],
    expiresAtMs: Infinity,
  };
}

export const alice = userNamed('alice');
