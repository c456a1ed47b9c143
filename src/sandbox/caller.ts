import { errors, jwtVerify } from 'jose';

import { failure } from './failure.ts';
import { SANDBOX_ADMIN_PERMISSION, SANDBOX_ISSUER, sandboxKeySet } from './identity.ts';
import type { StoredContext } from './stored-context.ts';

/** The backend credential of the sandbox, which may touch every context. */
export const SANDBOX_API_KEY = 'sandbox-api-key';

/** Who is asking: the holder of the API key, or a user with a session token. */
export interface Caller {
  /** `null` for the API key, which belongs to no user. */
  readonly userId: string | null;
  readonly mayTouchEvery: boolean;
}

export function mayTouch(caller: Caller, context: StoredContext): boolean {
  return caller.mayTouchEvery || (caller.userId ?? '') === context.user_id;
}

/**
 * Reads an `Authorization` header.
 *
 * @param clock - The time in milliseconds since the epoch.
 * @throws HTTPException 401 for a missing, unknown or expired credential.
 */
export async function authenticate(
  header: string | undefined,
  clock: () => number,
): Promise<Caller> {
  const credential = /^Bearer +([^ ]+)$/i.exec(header ?? '')?.[1];
  if (credential === undefined) throw failure(401, 'missing credentials');
  if (credential === SANDBOX_API_KEY) return { userId: null, mayTouchEvery: true };
  return authenticateUser(credential, clock);
}

async function authenticateUser(token: string, clock: () => number): Promise<Caller> {
  try {
    const { payload } = await jwtVerify(token, sandboxKeySet.keys[0], {
      issuer: SANDBOX_ISSUER,
      algorithms: ['ES256'],
      currentDate: new Date(clock()),
      requiredClaims: ['sub', 'exp'],
    });
    return {
      userId: payload.sub ?? null,
      mayTouchEvery: [payload['organization_permissions'], payload['workspace_permissions']].some(
        (granted) => Array.isArray(granted) && granted.includes(SANDBOX_ADMIN_PERMISSION),
      ),
    };
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw failure(401, 'credentials expired');
    if (error instanceof errors.JOSEError) throw failure(401, 'unknown credentials');
    throw error;
  }
}
