import type { SessionClaims } from './session-claims.ts';

/**
 * A caller whose session token was verified.
 *
 * The token is kept for calls made upstream in the caller's own name. It is a private field behind
 * a method, so that no way of printing or copying a user (`JSON.stringify`, `util.inspect`, a
 * logger, a spread) takes it along.
 */
export class User implements SessionClaims {
  readonly id: string;
  readonly sessionId: string | null;
  readonly organization: string | null;
  readonly workspace: string | null;
  readonly organizationPermissions: readonly string[];
  readonly workspacePermissions: readonly string[];
  readonly #token: string;

  constructor(claims: SessionClaims, token: string) {
    this.id = claims.id;
    this.sessionId = claims.sessionId;
    this.organization = claims.organization;
    this.workspace = claims.workspace;
    this.organizationPermissions = claims.organizationPermissions;
    this.workspacePermissions = claims.workspacePermissions;
    this.#token = token;
    Object.freeze(this);
  }

  /** The session token as it came in: a secret. */
  revealToken(): string {
    return this.#token;
  }
}
