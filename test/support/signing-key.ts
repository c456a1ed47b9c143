import { randomUUID } from 'node:crypto';

import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK } from 'jose';

/** Whatever a token or its header shall say, right or wrong. */
export type Claims = Readonly<Record<string, unknown>>;

/** A header parameter that a token may name as critical, and that nobody understands. */
export const extension = 'https://extension.example';

/** A key pair of an issuer's. */
export interface SigningKey {
  readonly algorithm: string;
  readonly kid: string;
  /** The public half, as a member of a JSON Web Key Set. */
  readonly jwk: JWK;
  readonly privateKey: CryptoKey;
}

export async function createSigningKey(
  algorithm = 'ES256',
  kid: string = randomUUID(),
): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' };
  return { algorithm, kid, jwk, privateKey };
}

/** Signs the claims as they are. A header parameter of `undefined` is left out. */
export async function signToken(
  { algorithm, kid, privateKey }: SigningKey,
  claims: Claims,
  header: Claims = {},
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: algorithm, kid, typ: 'JWT', ...header })
    .sign(privateKey, { crit: { [extension]: true } });
}
