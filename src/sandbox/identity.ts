import { SignJWT } from 'jose';
import type { JWK } from 'jose';

/**
 * Who the sandbox says its users are. The signing key is no secret: it is fixed so that tokens
 * survive restarts, and whoever serves real data must refuse {@link SANDBOX_KEY_ID}.
 */

/** The `iss` of the sandbox's tokens. A name, not an address: the sandbox's port changes. */
export const SANDBOX_ISSUER = 'https://sandbox.invalid';

/** The key's RFC 7638 thumbprint, which is also its `kid`. */
export const SANDBOX_KEY_ID = '0fTRNE5txPw0_SiTclrDeHgR89NJBdT-lngcYsk5DX8';

/** The permission that may touch every context. */
export const SANDBOX_ADMIN_PERMISSION = 'execution_contexts:manage';

/** Whose tokens carry {@link SANDBOX_ADMIN_PERMISSION}. */
const adminName = 'admin';

/** Who can be tried: the owners of the sample data, and the administrator. */
export const sandboxPeople = [
  { name: 'alice', about: 'Owns most of the sample data, such as ctx_123 of the examples.' },
  { name: 'bob', about: 'Owns two other contexts: what is alice’s is FORBIDDEN to bob.' },
  { name: adminName, about: 'The administrator, who may touch every context.' },
] as const;

const TOKEN_LIFETIME_S = 30 * 24 * 60 * 60;

const publicKey = {
  kty: 'EC',
  crv: 'P-256',
  x: 'X6iqu7tJXgcLuSSa1ly30U5GQuAMdKLe4BqUY2JrhVo',
  y: 'mSCFTqRFPTKpoX1xykse8oBRyFyQsfPoU_p6JjtC-Gs',
  kid: SANDBOX_KEY_ID,
  alg: 'ES256',
  use: 'sig',
} as const satisfies JWK;

const privateKey: JWK = { ...publicKey, d: 'lbSE1GehE9JbXDQ7qjqPRavfYJq8DAw-HjEvCJQ4epk' };

/** What the sandbox serves at `/.well-known/jwks.json`. */
export const sandboxKeySet = { keys: [publicKey] } as const;

export interface MintOptions {
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

/**
 * A session token for `name`, which becomes its `sub`; valid for 30 days.
 *
 * @throws TypeError for an empty name.
 */
export async function mintSandboxToken(
  name: string,
  { clock = Date.now }: MintOptions = {},
): Promise<string> {
  if (name === '') throw new TypeError('A sandbox token needs the name of a user.');
  const issuedAt = Math.floor(clock() / 1000);
  return new SignJWT({
    sid: `session_of_${name}`,
    organization: 'organization_sandbox',
    workspace: 'workspace_sandbox',
    organization_permissions: name === adminName ? [SANDBOX_ADMIN_PERMISSION] : [],
    workspace_permissions: [],
  })
    .setProtectedHeader({ alg: publicKey.alg, kid: SANDBOX_KEY_ID, typ: 'JWT' })
    .setIssuer(SANDBOX_ISSUER)
    .setSubject(name)
    .setIssuedAt(issuedAt)
    .setNotBefore(issuedAt)
    .setExpirationTime(issuedAt + TOKEN_LIFETIME_S)
    .sign(privateKey);
}
