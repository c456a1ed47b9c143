import { calculateJwkThumbprint, exportJWK, importJWK } from 'jose';
import type { CryptoKey, JWK } from 'jose';

/**
 * The signatures that are accepted (RFC 7518 section 3.1, RFC 8037 section 3.1). All are asymmetric: with an HMAC
 * among them, anyone could sign with the public key.
 */
export const verificationAlgorithms = ['ES256', 'RS256', 'EdDSA'] as const;

export type VerificationAlgorithm = (typeof verificationAlgorithms)[number];

/** A public key that verifies signatures of exactly one algorithm. */
export interface VerificationKey {
  readonly kid: string | undefined;
  readonly algorithm: VerificationAlgorithm;
  readonly key: CryptoKey;
}

// A shorter RSA key is refused at every use (RFC 7518 section 3.3), so it is not taken up at all.
const minModulusBits = 2048;

/**
 * Imports the members of a JSON Web Key Set that can verify session tokens, and leaves out every
 * other: unknown types, encryption keys, symmetric and private keys, weak or malformed ones. One
 * bad member must not cost the others (RFC 7517 section 5).
 *
 * @param refusedThumbprints RFC 7638 thumbprints (SHA-256) of keys that are left out too
 * @throws {TypeError} when `jwks` is no JSON Web Key Set.
 */
export async function importVerificationKeys(
  jwks: unknown,
  refusedThumbprints: readonly string[] = [],
): Promise<readonly VerificationKey[]> {
  if (!isObject(jwks) || !Array.isArray(jwks['keys'])) {
    throw new TypeError('The JSON Web Key Set has no "keys" array');
  }
  const keys = await Promise.all(
    jwks['keys'].map((jwk) => importVerificationKey(jwk, refusedThumbprints)),
  );
  return keys.filter((key) => key !== undefined);
}

async function importVerificationKey(
  jwk: unknown,
  refusedThumbprints: readonly string[],
): Promise<VerificationKey | undefined> {
  if (!isObject(jwk)) return undefined;
  const { kid, kty, crv, x, y, n, e } = jwk;
  const algorithm = algorithmOf(kty, crv);
  if (algorithm === undefined || !isForVerification(jwk, algorithm)) return undefined;
  if (kid !== undefined && typeof kid !== 'string') return undefined;
  try {
    // Only the key material: `ext`, `key_ops` and the like steer the import in ways of no use here.
    const material = { kty, crv, x, y, n, e } as JWK;
    const key = (await importJWK(material, algorithm)) as CryptoKey;
    if (!isStrong(key) || refusedThumbprints.includes(await thumbprint(key))) return undefined;
    return { kid, algorithm, key };
  } catch {
    return undefined; // Malformed material, such as a point that is not on its curve.
  }
}

function algorithmOf(kty: unknown, crv: unknown): VerificationAlgorithm | undefined {
  if (kty === 'EC' && crv === 'P-256') return 'ES256';
  if (kty === 'OKP' && crv === 'Ed25519') return 'EdDSA';
  if (kty === 'RSA') return 'RS256';
  return undefined;
}

function isForVerification(jwk: Record<string, unknown>, algorithm: VerificationAlgorithm) {
  const { use, alg, key_ops: operations } = jwk;
  return (
    (use === undefined || use === 'sig') &&
    (alg === undefined || alg === algorithm) &&
    (operations === undefined || (Array.isArray(operations) && operations.includes('verify'))) &&
    // A published private key is everyone's: what it signs proves nothing.
    jwk['d'] === undefined
  );
}

/** Of the key as it was imported: no other spelling of the same key gives another. */
async function thumbprint(key: CryptoKey): Promise<string> {
  return calculateJwkThumbprint(await exportJWK(key));
}

function isStrong({ algorithm }: CryptoKey): boolean {
  return !('modulusLength' in algorithm) || Number(algorithm.modulusLength) >= minModulusBits;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
