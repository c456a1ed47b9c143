import type { SessionClaims } from './session-claims.ts';

/** Who may touch every execution context. */
export interface AdministratorRule {
  /** The permission that makes an administrator; `null`: nobody is one. */
  readonly permission: string | null;
  /**
   * The only `organization` claim with which the permission counts, as an issuer shared by several
   * organizations grants permissions of the same name in each; `null`: it counts with any.
   */
  readonly organization: string | null;
}

/** Whether the rule's permission is among the user's, of the organization or of the workspace. */
export function isAdministrator(user: SessionClaims, rule: AdministratorRule): boolean {
  const { permission, organization } = rule;
  if (permission === null) return false;
  if (organization !== null && user.organization !== organization) return false;
  return (
    user.organizationPermissions.includes(permission) ||
    user.workspacePermissions.includes(permission)
  );
}
