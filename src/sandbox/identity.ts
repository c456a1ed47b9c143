import { SignJWT } from 'jose';
import type { JWK } from 'jose';

/**
 * The identity provider of the sandbox. Its signing key is public, and fixed so that tokens survive
 * restarts: a gateway that serves real data must reject {@link sandboxKeyId}.
 */

/** The `iss` of the sandbox's tokens. Not the URL of the sandbox, whose port changes. */
export const sandboxIssuer = 'https://sandbox.invalid';

/** The key's RFC 7638 thumbprint, which is also its `kid`. */
export const sandboxKeyId = '0fTRNE5txPw0_SiTclrDeHgR89NJBdT-lngcYsk5DX8';

/** The permission to access every context. */
export const sandboxAdminPermission = 'execution_contexts:manage';

/** The user whose tokens carry {@link sandboxAdminPermission}. */
const adminName = 'admin';

/** The users to try: the owners of the sample data, and the administrator. */
export const sandboxPeople = [
  { name: 'alice', about: 'Owns most of the sample data, such as ctx_123 in the examples.' },
  { name: 'bob', about: 'Owns two other contexts. The contexts of alice are FORBIDDEN to bob.' },
  { name: adminName, about: 'The administrator, who may access every context.' },
] as const;

const tokenLifetimeS = 30 * 24 * 60 * 60;

const publicKey = {
  kty: 'EC',
  crv: 'P-256',
  x: 'X6iqu7tJXgcLuSSa1ly30U5GQuAMdKLe4BqUY2JrhVo',
  y: 'mSCFTqRFPTKpoX1xykse8oBRyFyQsfPoU_p6JjtC-Gs',
  kid: sandboxKeyId,
  alg: 'ES256',
  use: 'sig',
} as const satisfies JWK;

const privateKey: JWK = { ...publicKey, d: 'lbSE1GehE9JbXDQ7qjqPRavfYJq8DAw-HjEvCJQ4epk' };

/** The key set that the sandbox serves at `/.well-known/jwks.json`. */
export const sandboxKeySet = { keys: [publicKey] } as const;

export interface MintOptions {
  /** Returns the time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

/**
 * Signs a session token for the user `name`, its `sub`. It is valid for 30 days.
 *
 * @throws {TypeError} For an empty name.
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
    organization_permissions: name === adminName ? [sandboxAdminPermission] : [],
    workspace_permissions: [],
  })
    .setProtectedHeader({ alg: publicKey.alg, kid: sandboxKeyId, typ: 'JWT' })
    .setIssuer(sandboxIssuer)
    .setSubject(name)
    .setIssuedAt(issuedAt)
    .setNotBefore(issuedAt)
    .setExpirationTime(issuedAt + tokenLifetimeS)
    .sign(privateKey);
}
