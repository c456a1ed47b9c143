import type { GatewayContext } from '../context.ts';
import { requireUser } from '../identity/identity.ts';

/** The precondition of every field that works on a user's behalf. */
export function signedIn(_args: object, { identity }: GatewayContext): void {
  requireUser(identity);
}
