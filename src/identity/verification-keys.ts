import { calculateJwkThumbprint, createLocalJWKSet, errors, exportJWK, importJWK } from 'jose';
import type { CryptoKey, JWK, LocalJWKSet } from 'jose';
import { JwksFailure } from './jwks-endpoint.ts';

/**
 * The signatures that are accepted (RFC 7518 section 3.1, RFC 8037 section 3.1). `Ed25519` is what
 * RFC 9864 section 2.2 calls EdDSA with that curve. All are asymmetric: with an HMAC among them,
 * anyone could sign with the public key.
 */
export const signatureAlgorithms = ['ES256', 'RS256', 'EdDSA', 'Ed25519'] as const;

export type SignatureAlgorithm = (typeof signatureAlgorithms)[number];

/** What a token's header says about the key that signed it. */
export interface WantedKey {
  readonly alg: SignatureAlgorithm;
  /** Absent: any key of the algorithm (RFC 7515 section 4.1.4 makes it optional). */
  readonly kid: string | undefined;
}

/** The keys that a token may have been signed with. */
export interface Candidates {
  readonly keys: readonly CryptoKey[];
  /** Whether they have the token's `kid`: then the issuer knows the key that the token names. */
  readonly named: boolean;
}

/** The keys of one JSON Web Key Set that verify session tokens. */
export interface VerificationKeys {
  /**
   * Resolves with the keys that have the token's `kid`; where there are none, with those without a
   * `kid`, which is optional in keys, too (RFC 7517 section 4.5). A token without a `kid` may be signed
   * with any key of its algorithm.
   */
  select: (wanted: WantedKey) => Promise<Candidates>;
}

// jose refuses a shorter RSA key at every use (RFC 7518 section 3.3), so it is left out of the set.
const minModulusBits = 2048;

/** The accepted types of keys, and the names of their algorithms. */
const keyTypes: readonly KeyType[] = [
  { kty: 'EC', crv: 'P-256', names: ['ES256'] },
  { kty: 'OKP', crv: 'Ed25519', names: ['EdDSA', 'Ed25519'] },
  { kty: 'RSA', crv: undefined, names: ['RS256'] },
];

interface KeyType {
  readonly kty: string;
  readonly crv: string | undefined;
  readonly names: readonly [SignatureAlgorithm, ...SignatureAlgorithm[]];
}

/**
 * Selects the members of a JSON Web Key Set that can verify session tokens, and leaves out all others:
 * unknown types, encryption keys, symmetric and private keys, weak or malformed ones. An unusable
 * member does not invalidate the set (RFC 7517 section 5).
 *
 * @param refusedThumbprints - RFC 7638 thumbprints (SHA-256) of keys that are left out, too.
 * @throws {JwksFailure} (rejecting) When `jwks` is not a JSON Web Key Set.
 */
export async function readVerificationKeys(
  jwks: unknown,
  refusedThumbprints: readonly string[] = [],
): Promise<VerificationKeys> {
  if (!isObject(jwks) || !Array.isArray(jwks['keys'])) throw new JwksFailure('JWKS_INVALID');
  const members = await Promise.all(
    jwks['keys'].map((member) => readMember(member, refusedThumbprints)),
  );
  return createVerificationKeys(members.filter((member) => member !== undefined));
}

/** @param members - Public keys that are known to be usable. */
export function createVerificationKeys(members: JWK[]): VerificationKeys {
  const all = createLocalJWKSet({ keys: members });
  const nameless = createLocalJWKSet({ keys: members.filter(({ kid }) => kid === undefined) });
  return {
    async select({ alg, kid }) {
      if (kid === undefined) return { keys: await matches(all, { alg }), named: false };
      const keys = await matches(all, { alg, kid });
      if (keys.length > 0) return { keys, named: true };
      return { keys: await matches(nameless, { alg }), named: false };
    },
  };
}

/** All keys that match: jose's set resolves only where exactly one matches, and rejects otherwise. */
async function matches(
  set: LocalJWKSet,
  header: { readonly alg: string; readonly kid?: string },
): Promise<CryptoKey[]> {
  try {
    return [await set(header)];
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return [];
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    const keys: CryptoKey[] = [];
    for await (const key of error) keys.push(key);
    return keys;
  }
}

/**
 * The public key and the `kid` of a member, or `undefined` where it is left out. Other attributes are
 * dropped: `ext`, `key_ops` and the like affect an import in unwanted ways.
 */
async function readMember(
  member: unknown,
  refusedThumbprints: readonly string[],
): Promise<JWK | undefined> {
  if (!isObject(member)) return undefined;
  const { kid, kty, crv, x, y, n, e } = member;
  const type = keyTypes.find(
    (known) => known.kty === kty && (known.crv === undefined || known.crv === crv),
  );
  if (type === undefined || !isForVerification(member, type)) return undefined;
  if (kid !== undefined && typeof kid !== 'string') return undefined;
  try {
    const key = (await importJWK({ kty, crv, x, y, n, e } as JWK, type.names[0])) as CryptoKey;
    // The thumbprint is that of the imported key, which does not depend on the spelling of the member.
    const jwk = await exportJWK(key);
    const isRefused = refusedThumbprints.includes(await calculateJwkThumbprint(jwk));
    if (isRefused || !isStrong(key)) return undefined;
    return kid === undefined ? jwk : { ...jwk, kid };
  } catch {
    return undefined; // Malformed material, such as a point that is not on its curve.
  }
}

function isForVerification(member: Record<string, unknown>, { names }: KeyType): boolean {
  const { use, alg, key_ops: operations } = member;
  return (
    (use === undefined || use === 'sig') &&
    (alg === undefined || names.some((name) => name === alg)) &&
    (operations === undefined || (Array.isArray(operations) && operations.includes('verify'))) &&
    // Anyone can use a published private key: its signatures prove nothing.
    member['d'] === undefined
  );
}

function isStrong({ algorithm }: CryptoKey): boolean {
  return !('modulusLength' in algorithm) || Number(algorithm.modulusLength) >= minModulusBits;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
