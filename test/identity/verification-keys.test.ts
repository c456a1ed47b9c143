import { generateKeyPairSync } from 'node:crypto';

import { exportJWK } from 'jose';
import { describe, expect, test } from 'vitest';

import { readVerificationKeys } from '../../src/identity/verification-keys.ts';
import type { SignatureAlgorithm, VerificationKeys } from '../../src/identity/verification-keys.ts';
import { createSigningKey } from '../support/signing-key.ts';

const good = await createSigningKey('ES256', 'good');
const { jwk } = good;

function weakRsaKey() {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  return publicKey.export({ format: 'jwk' });
}

/** How many there are in all. */
async function countOf({ select }: VerificationKeys): Promise<number> {
  const algorithms = ['ES256', 'RS256', 'EdDSA'] as const;
  const all = await Promise.all(algorithms.map((alg) => select({ alg, kid: undefined })));
  return all.flatMap(({ keys }) => keys).length;
}

const members: Record<string, unknown> = {
  null: null,
  'a string': 'key',
  'an array': [],
  'an empty object': {},
  'a type that is an object': { ...jwk, kty: { toString: 1 }, crv: { toString: 1 } },
  'an unknown type': { ...jwk, kty: 'XYZ' },
  'another curve': { ...jwk, crv: 'P-384' },
  'a key for encryption': { ...jwk, use: 'enc' },
  'a key with other operations': { ...jwk, key_ops: ['deriveKey'] },
  'operations of the wrong type': { ...jwk, key_ops: 'verify' },
  'another algorithm': { ...jwk, alg: 'ES384' },
  'an algorithm of the wrong type': { ...jwk, alg: 256 },
  'a kid of the wrong type': { ...jwk, kid: 7 },
  'a symmetric key': {
    kty: 'oct',
    kid: 'good',
    alg: 'HS256',
    k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0',
  },
  'a private key': { ...(await exportJWK(good.privateKey)), kid: 'good' },
  'a point that is not on its curve': { ...jwk, y: jwk.x },
  'a coordinate of the wrong type': { ...jwk, x: 7 },
  'a missing coordinate': { ...jwk, x: undefined },
  'a weak RSA key': { ...weakRsaKey(), kid: 'good' },
  'an empty RSA key': { kty: 'RSA', n: '', e: '' },
};

describe('reading a key set', () => {
  test.each(Object.entries(members))('leaves out %s, and only that', async (_, member) => {
    const keys = await readVerificationKeys({ keys: [member, jwk, member] });
    expect(await countOf(keys)).toBe(1);
    await expect(keys.select({ alg: 'ES256', kid: 'good' })).resolves.toMatchObject({
      keys: [{ type: 'public', algorithm: { name: 'ECDSA', namedCurve: 'P-256' } }],
      named: true,
    });
  });

  test.each<SignatureAlgorithm>(['ES256', 'RS256', 'EdDSA', 'Ed25519'])(
    'takes up a key for %s that says no more than its material',
    async (alg) => {
      const { kty, crv, x, y, n, e } = (await createSigningKey(alg)).jwk;
      const bare = JSON.parse(JSON.stringify({ kty, crv, x, y, n, e })) as unknown;
      const keys = await readVerificationKeys({ keys: [bare] });
      expect(await countOf(keys)).toBe(1);
      await expect(keys.select({ alg, kid: undefined })).resolves.toMatchObject({
        keys: [{ type: 'public', usages: ['verify'] }],
        named: false,
      });
    },
  );

  test('takes up a key with certificates, other operations and attributes', async () => {
    const key = { ...jwk, key_ops: ['verify', 'sign'], ext: false, x5c: ['certificate'], iat: 1 };
    expect(await countOf(await readVerificationKeys({ keys: [key] }))).toBe(1);
  });

  test('takes up an RSA key with a curve, which means nothing there', async () => {
    const key = { ...(await createSigningKey('RS256')).jwk, crv: 'P-256' };
    expect(await countOf(await readVerificationKeys({ keys: [key] }))).toBe(1);
  });

  test.each([null, 'keys', [], {}, { keys: {} }, { keys: null }])('refuses %j', async (jwks) => {
    await expect(readVerificationKeys(jwks)).rejects.toMatchObject({ code: 'JWKS_INVALID' });
  });
});

describe('selecting keys', () => {
  test('prefers those with the kid asked for to those without one', async () => {
    const nameless = { ...(await createSigningKey()).jwk, kid: undefined };
    const keys = await readVerificationKeys({ keys: [nameless, jwk, nameless] });
    const select = async (kid: string | undefined) => {
      const candidates = await keys.select({ alg: 'ES256', kid });
      return [candidates.keys.length, candidates.named];
    };
    await expect(select('good')).resolves.toEqual([1, true]);
    await expect(select('other')).resolves.toEqual([2, false]);
    await expect(select(undefined)).resolves.toEqual([3, false]);
  });

  test('answers none of another algorithm', async () => {
    const keys = await readVerificationKeys({ keys: [jwk] });
    for (const kid of ['good', undefined]) {
      await expect(keys.select({ alg: 'RS256', kid })).resolves.toEqual({ keys: [], named: false });
    }
  });
});
