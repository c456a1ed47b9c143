import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';

import { AuthenticationError, UpstreamError } from '../../src/errors.ts';
import { createIdentityResolver, requireUser } from '../../src/identity/identity.ts';
import type { ResolveIdentity } from '../../src/identity/identity.ts';
import { createTokenVerifier } from '../../src/identity/token-verifier.ts';
import { answerWith, startIssuer } from '../support/issuer.ts';
import type { Issuer } from '../support/issuer.ts';

let issuer: Issuer;
let resolve: ResolveIdentity;

beforeAll(async () => {
  issuer = await startIssuer();
  resolve = createIdentityResolver({ verifier: createTokenVerifier({ issuer: issuer.url }) });
  await resolve(`Bearer ${await issuer.token()}`);
  return () => issuer.close();
});

describe('an identity', () => {
  test('is a user, at once when the token was verified before', async () => {
    const header = `Bearer ${await issuer.token()}`;
    const identity = await resolve(header);
    expect(requireUser(identity).id).toBe('alice');
    expect(resolve(header)).toEqual(identity);
  });

  test('is the same frozen object for every request with a token verified before', async () => {
    const token = await issuer.token();
    const identity = await resolve(`Bearer ${token}`);
    expect(resolve(`Bearer ${token}`)).toBe(identity);
    expect(resolve(`bearer   ${token} `)).toBe(identity);
    expect(identity).toSatisfy(Object.isFrozen);
    expect(requireUser(identity)).toSatisfy(Object.isFrozen);
  });

  test('is anonymous without a token, at once, and tells whoever needs a user', () => {
    const identity = resolve(null);
    expect(identity).toMatchObject({ kind: 'anonymous' });
    expect(() => requireUser(identity as Awaited<typeof identity>)).toThrow(AuthenticationError);
  });

  test('is anonymous with a bad token', async () => {
    const identity = await resolve(`Bearer ${await issuer.token({ exp: 1 })}`);
    expect(() => requireUser(identity)).toThrow(/expired/);
  });

  test('is anonymous while the keys are not available, for a reason that is not the token', async () => {
    issuer.answer(answerWith(500));
    const cold = createIdentityResolver({ verifier: createTokenVerifier({ issuer: issuer.url }) });
    const identity = await cold(`Bearer ${await issuer.token()}`);
    issuer.answer(undefined);
    expect(() => requireUser(identity)).toThrow(UpstreamError);
  });

  test.each([
    [
      'throws',
      () => {
        throw new RangeError('bug');
      },
    ],
    ['rejects', () => Promise.reject(new RangeError('bug'))],
  ])('is anonymous when a verifier %s unexpectedly, and keeps the cause', async (_, verify) => {
    const verifier = { verify, recall: () => undefined };
    const identity = await createIdentityResolver({ verifier })('Bearer token');
    expect(identity).toMatchObject({
      kind: 'anonymous',
      error: { code: 'UPSTREAM_FAILED', retryable: false, cause: { message: 'bug' } },
    });
  });
});

describe('any header at all', () => {
  test('gets an identity, and never a rejection', async () => {
    const header = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }).map((rest) => `Bearer ${rest}`),
    );
    await fc.assert(
      fc.asyncProperty(header, async (value) => {
        expect(await resolve(value)).toMatchObject({
          kind: 'anonymous',
          error: { code: 'UNAUTHENTICATED' },
        });
      }),
    );
  });
});
