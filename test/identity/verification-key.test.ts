import { generateKeyPairSync } from 'node:crypto';

import { exportJWK } from 'jose';
import { describe, expect, test } from 'vitest';

import { importVerificationKeys } from '../../src/identity/verification-key.ts';
import { createSigningKey } from '../support/signing-key.ts';

const good = await createSigningKey('ES256', 'good');
const { jwk } = good;

function weakRsaKey() {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  return publicKey.export({ format: 'jwk' });
}

const members: Record<string, unknown> = {
  null: null,
  'a string': 'key',
  'an array': [],
  'an empty object': {},
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

describe('importing a key set', () => {
  test.each(Object.entries(members))('leaves out %s, and only that', async (_, member) => {
    const keys = await importVerificationKeys({ keys: [member, jwk, member] });
    expect(keys).toMatchObject([{ kid: 'good', algorithm: 'ES256', key: { type: 'public' } }]);
  });

  test.each(['ES256', 'RS256', 'EdDSA'])(
    'takes up a key for %s that says no more than its material',
    async (algorithm) => {
      const { kty, crv, x, y, n, e } = (await createSigningKey(algorithm)).jwk;
      const bare = JSON.parse(JSON.stringify({ kty, crv, x, y, n, e })) as unknown;
      await expect(importVerificationKeys({ keys: [bare] })).resolves.toMatchObject([
        { kid: undefined, algorithm },
      ]);
    },
  );

  test('takes up a key with certificates, other operations and attributes', async () => {
    const key = { ...jwk, key_ops: ['verify', 'sign'], ext: false, x5c: ['certificate'], iat: 1 };
    await expect(importVerificationKeys({ keys: [key] })).resolves.toHaveLength(1);
  });

  test.each([null, 'keys', [], {}, { keys: {} }, { keys: null }])('refuses %j', async (jwks) => {
    await expect(importVerificationKeys(jwks)).rejects.toThrow(TypeError);
  });
});
