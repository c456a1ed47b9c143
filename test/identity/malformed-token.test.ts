import fc from 'fast-check';
import { base64url } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';

import { AuthenticationError, UpstreamError } from '../../src/errors.ts';
import { createTokenVerifier } from '../../src/identity/token-verifier.ts';
import type { TokenVerifier } from '../../src/identity/token-verifier.ts';
import { startIssuer } from '../support/issuer.ts';
import type { Issuer } from '../support/issuer.ts';

let issuer: Issuer;
let verifier: TokenVerifier;

beforeAll(async () => {
  issuer = await startIssuer();
  verifier = createTokenVerifier({ issuer: issuer.url });
  await verifier.verify(await issuer.token());
  return () => issuer.close();
});

async function refuse(token: string): Promise<unknown> {
  try {
    await verifier.verify(token);
  } catch (error) {
    return error;
  }
  throw new Error(`accepted ${token}`);
}

async function expectRefusal(token: string): Promise<void> {
  const refusal = await refuse(token);
  if (refusal instanceof UpstreamError) expect(refusal.code).toBe('UPSTREAM_UNAVAILABLE');
  else expect(refusal).toBeInstanceOf(AuthenticationError);
}

function encode(value: unknown): string {
  return base64url.encode(JSON.stringify(value));
}

/** Looks like a header of the issuer's, but for a parameter or two. */
const header = fc.record(
  {
    alg: fc.oneof(fc.constantFrom('ES256', 'RS256', 'EdDSA', 'none', 'HS256'), fc.jsonValue()),
    kid: fc.jsonValue(),
    typ: fc.jsonValue(),
    crit: fc.oneof(fc.constantFrom(['b64'], ['exp']), fc.jsonValue()),
    b64: fc.oneof(fc.boolean(), fc.jsonValue()),
    jwk: fc.jsonValue(),
    jku: fc.webUrl(),
    zip: fc.constant('DEF'),
  },
  { requiredKeys: ['alg'] },
);

const part = fc.oneof(
  fc.oneof(header, fc.jsonValue()).map(encode),
  fc.uint8Array().map((bytes) => base64url.encode(bytes)),
  fc.string({ unit: 'binary' }),
);

describe('a malformed token', () => {
  test('is refused with one of the two errors, whatever it is made of', async () => {
    const token = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(part, { maxLength: 6 }).map((parts) => parts.join('.')),
      fc.tuple(header.map(encode), part, part).map((parts) => parts.join('.')),
    );
    await fc.assert(fc.asyncProperty(token, expectRefusal), { numRuns: 1000 });
    expect(issuer.fetches).toBeLessThanOrEqual(1 + 5);
  });

  test.each([
    ['has a kid that is no string', [encode({ alg: 'ES256', kid: 7 }), encode({}), 'AA']],
    ['has five parts', [encode({ alg: 'ES256', kid: 'other' }), 'AA', 'AA', 'AA', 'AA']],
    ['has two parts', [encode({ alg: 'ES256', kid: 'other' }), 'AA']],
  ])('is refused without asking the issuer when it %s', async (_, parts) => {
    const before = issuer.fetches;
    await expect(verifier.verify(parts.join('.'))).rejects.toThrow(/not a well-formed/);
    expect(issuer.fetches).toBe(before);
  });

  test('is forgotten once it is refused, be it one of a thousand', async () => {
    for (let i = 0; i < 1000; i++) {
      const token = i % 2 === 0 ? `junk-${i}` : `${encode({ alg: 'HS256', i })}.e30.AA`;
      const refusal = await refuse(token);
      // What is still remembered of it would come to the same error again.
      expect(await refuse(token)).not.toBe(refusal);
    }
  });

  test('is refused for its own sake when its key is known', async () => {
    const [, payload, signature] = (await issuer.token()).split('.');
    const { kid } = issuer.key;
    await fc.assert(
      fc.asyncProperty(header, async (parameters) => {
        const token = [encode({ ...parameters, alg: 'ES256', kid }), payload, signature].join('.');
        expect(await refuse(token)).toBeInstanceOf(AuthenticationError);
      }),
      { numRuns: 300 },
    );
  });

  test('is refused when it is a genuine one, cut or changed anywhere', async () => {
    const genuine = await issuer.token();
    const place = fc.nat(genuine.length - 2);
    await fc.assert(
      fc.asyncProperty(
        place,
        fc.constantFrom('', '.', '=', ' ', 'A', 'é'),
        async (at, character) => {
          const altered = genuine.slice(0, at) + character + genuine.slice(at + 1);
          fc.pre(altered !== genuine);
          await expectRefusal(altered);
        },
      ),
      { numRuns: 300 },
    );
  });
});
