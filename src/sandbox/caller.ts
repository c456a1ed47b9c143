import { errors, jwtVerify } from 'jose';

import { failure } from './failure.ts';
import { sandboxAdminPermission, sandboxIssuer, sandboxKeySet } from './identity.ts';
import type { StoredContext } from './stored-context.ts';

/** The API key of the sandbox, which may access every context. */
export const sandboxApiKey = 'sandbox-api-key';

/** The caller: the holder of the API key, or a user with a session token. */
export interface Caller {
  /** `null` for the API key, which belongs to no user. */
  readonly userId: string | null;
  readonly mayTouchEvery: boolean;
}

/** Whether the caller may access the context. */
export function mayTouch(caller: Caller, context: StoredContext): boolean {
  return caller.mayTouchEvery || (caller.userId ?? '') === context.user_id;
}

/**
 * Returns the caller of an `Authorization` header.
 *
 * @param clock - Returns the time in milliseconds since the epoch.
 * @throws {HTTPException} 401 for a missing, unknown or expired credential.
 */
export async function authenticate(
  header: string | undefined,
  clock: () => number,
): Promise<Caller> {
  const credential = /^Bearer +([^ ]+)$/i.exec(header ?? '')?.[1];
  if (credential === undefined) throw failure(401, 'missing credentials');
  if (credential === sandboxApiKey) return { userId: null, mayTouchEvery: true };
  return authenticateUser(credential, clock);
}

async function authenticateUser(token: string, clock: () => number): Promise<Caller> {
  try {
    const { payload } = await jwtVerify(token, sandboxKeySet.keys[0], {
      issuer: sandboxIssuer,
      algorithms: ['ES256'],
      currentDate: new Date(clock()),
      requiredClaims: ['sub', 'exp'],
    });
    return {
      userId: payload.sub ?? null,
      mayTouchEvery: [payload['organization_permissions'], payload['workspace_permissions']].some(
        (granted) => Array.isArray(granted) && granted.includes(sandboxAdminPermission),
      ),
    };
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw failure(401, 'credentials expired');
    if (error instanceof errors.JOSEError) throw failure(401, 'unknown credentials');
    throw error;
  }
}
