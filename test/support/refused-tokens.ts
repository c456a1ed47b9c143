import { base64url, SignJWT } from 'jose';

import type { Issuer } from './issuer.ts';
import { createSigningKey, extension, signToken } from './signing-key.ts';

/** A token for `alice` of every kind that must be refused, though it looks like one of the issuer's. */
export const refusedTokens = {
  expired: (issuer) => issuer.token({ exp: seconds(issuer) - 6 }),
  'not yet valid': (issuer) => issuer.token({ nbf: seconds(issuer) + 60 }),
  'wrong issuer': (issuer) => issuer.token({ iss: 'https://issuer.example' }),
  'wrong audience': (issuer) => issuer.token({ aud: 'another-audience' }),
  'unknown kid': async (issuer) => signToken(await createSigningKey(), await claims(issuer)),
  'signed by a key of their own under a known kid': async (issuer) =>
    signToken(await createSigningKey('ES256', issuer.key.kid), await claims(issuer)),
  'tampered payload': async (issuer) => {
    const [header, , signature] = (await issuer.token()).split('.');
    return [header, encode({ ...(await claims(issuer)), sub: 'bob' }), signature].join('.');
  },
  'no signature': async (issuer) => (await issuer.token()).replace(/[^.]*$/, ''),
  'alg none': async (issuer) => `${encode({ alg: 'none' })}.${encode(await claims(issuer))}.`,
  'alg none with the kid and signature of another': async (issuer) => {
    const [, payload, signature] = (await issuer.token()).split('.');
    return [encode({ alg: 'none', kid: issuer.key.kid }), payload, signature].join('.');
  },
  'HS256 signed with the public key': async (issuer) =>
    new SignJWT(await claims(issuer))
      .setProtectedHeader({ alg: 'HS256', kid: issuer.key.kid })
      .sign(new TextEncoder().encode(JSON.stringify(issuer.key.jwk))),
  'empty sub': (issuer) => issuer.token({ sub: '' }),
  'no sub': (issuer) => issuer.token({ sub: undefined }),
  'sub of another type': (issuer) => issuer.token({ sub: 7 }),
  'no exp': (issuer) => issuer.token({ exp: undefined }),
  'exp of another type': (issuer) => issuer.token({ exp: '9999999999' }),
  'no iss': (issuer) => issuer.token({ iss: undefined }),
  'an extension that must be understood': (issuer) =>
    issuer.token({}, { crit: [extension], [extension]: 1 }),
  'no JSON Web Token': () => Promise.resolve('opaque-token'),
} satisfies Record<string, (issuer: Issuer) => Promise<string>>;

export type RefusedToken = keyof typeof refusedTokens;

function seconds(issuer: Issuer): number {
  return Math.floor(issuer.now() / 1000);
}

async function claims(issuer: Issuer): Promise<Record<string, unknown>> {
  const [, payload = ''] = (await issuer.token()).split('.');
  return JSON.parse(new TextDecoder().decode(base64url.decode(payload))) as Record<string, unknown>;
}

function encode(part: object): string {
  return base64url.encode(JSON.stringify(part));
}
