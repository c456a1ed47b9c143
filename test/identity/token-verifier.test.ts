import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';

import { AuthenticationError } from '../../src/errors.ts';
import { createTokenVerifier } from '../../src/identity/token-verifier.ts';
import type { TokenVerifier, TokenVerifierOptions } from '../../src/identity/token-verifier.ts';
import { answerWith, startIssuer } from '../support/issuer.ts';
import type { Issuer } from '../support/issuer.ts';
import { refusedTokens } from '../support/refused-tokens.ts';
import type { RefusedToken } from '../support/refused-tokens.ts';
import { createSigningKey, signToken } from '../support/signing-key.ts';

const start = Date.parse('2030-01-01T00:00:00Z');
let now = start;
let issuer: Issuer;
let verifier: TokenVerifier;

function createVerifier(options: Partial<TokenVerifierOptions> = {}): TokenVerifier {
  return createTokenVerifier({ issuer: issuer.url, now: () => now, ...options });
}

const alice = { kind: 'user', user: { id: 'alice' } };

beforeAll(async () => {
  issuer = await startIssuer({ now: () => now });
  return () => issuer.close();
});

beforeEach(() => {
  now = start;
  verifier = createVerifier();
});

describe('a token that is accepted', () => {
  test.each(['ES256', 'RS256', 'EdDSA', 'Ed25519'])('is signed with %s', async (algorithm) => {
    await issuer.rotate(algorithm);
    await expect(verifier.verify(await issuer.token())).resolves.toMatchObject(alice);
  });

  test('tells who the user is', async () => {
    const token = await issuer.token({
      organization: 'acme',
      workspace: 'research',
      organization_permissions: ['a', 'b'],
      workspace_permissions: ['c'],
    });
    const { user } = await verifier.verify(token);
    expect(user).toEqual({
      id: 'alice',
      sessionId: 'session-of-alice',
      organization: 'acme',
      workspace: 'research',
      organizationPermissions: ['a', 'b'],
      workspacePermissions: ['c'],
      expiresAtMs: start + 605_000,
    });
  });

  test('loses claims of the wrong type, and only those', async () => {
    const token = await issuer.token({
      sid: 1,
      organization: ['acme'],
      workspace: null,
      organization_permissions: 'manage',
      workspace_permissions: ['read', 1, null, ['manage']],
    });
    const { user } = await verifier.verify(token);
    expect(user).toEqual({
      id: 'alice',
      sessionId: null,
      organization: null,
      workspace: null,
      organizationPermissions: [],
      workspacePermissions: ['read'],
      expiresAtMs: start + 605_000,
    });
  });

  test('may have no kid, when one of several keys verifies it', async () => {
    const { key } = issuer;
    await issuer.rotate(key.algorithm);
    const { iss, sub, exp } = { iss: issuer.url, sub: 'alice', exp: start / 1000 + 60 };
    const token = await signToken(key, { iss, sub, exp }, { kid: undefined });
    await expect(verifier.verify(token)).resolves.toMatchObject(alice);
  });

  test('may have a kid that two keys share', async () => {
    const first = await issuer.rotate('ES256', 'shared');
    await issuer.rotate('ES256', 'shared');
    const claims = { iss: issuer.url, sub: 'alice', exp: start / 1000 + 60 };
    await expect(verifier.verify(await signToken(first, claims))).resolves.toMatchObject(alice);
    await expect(verifier.verify(await issuer.token())).resolves.toMatchObject(alice);
  });

  test.each([
    ['EdDSA', 'Ed25519'],
    ['Ed25519', 'EdDSA'],
  ])('may say %s where its key says %s', async (alg, algOfKey) => {
    const key = await createSigningKey(alg);
    issuer.publish({ ...key.jwk, alg: algOfKey });
    const claims = { iss: issuer.url, sub: 'alice', exp: start / 1000 + 60 };
    await expect(verifier.verify(await signToken(key, claims))).resolves.toMatchObject(alice);
  });

  test('may have a kid where its key has none', async () => {
    const key = await createSigningKey();
    issuer.publish({ ...key.jwk, kid: undefined });
    const claims = { iss: issuer.url, sub: 'alice', exp: start / 1000 + 60 };
    await expect(verifier.verify(await signToken(key, claims))).resolves.toMatchObject(alice);
  });

  test.each(['with', 'without'])('may be of the last of forty keys, %s a kid', async (kind) => {
    const kid = kind === 'with' ? 'one for all' : undefined;
    const keys = await Promise.all(Array.from({ length: 40 }, () => createSigningKey()));
    for (const { jwk } of keys) issuer.publish({ ...jwk, kid });
    const claims = { iss: issuer.url, sub: 'alice', exp: start / 1000 + 60 };
    for (const key of [keys.at(-1), keys[0]]) {
      const token = await signToken(key ?? issuer.key, claims, { kid });
      await expect(verifier.verify(token)).resolves.toMatchObject(alice);
    }
  });

  test('names the audience, alone or among others, where one is set', async () => {
    const strict = createVerifier({ audience: 'gateway' });
    for (const aud of ['gateway', ['else', 'gateway']]) {
      await expect(strict.verify(await issuer.token({ aud }))).resolves.toMatchObject(alice);
    }
  });

  test('may name any audience where none is set', async () => {
    await expect(verifier.verify(await issuer.token({ aud: 'else' }))).resolves.toMatchObject(
      alice,
    );
  });

  test('is valid up to five seconds before nbf and after exp', async () => {
    const token = await issuer.token({ nbf: start / 1000 + 5, exp: start / 1000 + 10 });
    await expect(verifier.verify(token)).resolves.toMatchObject(alice);
    now = start + 14_999;
    await expect(createVerifier().verify(token)).resolves.toMatchObject(alice);
    now = start + 15_000;
    await expect(createVerifier().verify(token)).rejects.toThrow(/expired/);
  });
});

describe('a token that is refused', () => {
  const reasons: Record<RefusedToken, RegExp> = {
    expired: /has expired/,
    'not yet valid': /not valid yet/,
    'wrong issuer': /another issuer/,
    'wrong audience': /another audience/,
    'unknown kid': /key that its issuer does not publish/,
    'signed by a key of their own under a known kid': /signature .* not valid/,
    'tampered payload': /signature .* not valid/,
    'no signature': /signature .* not valid/,
    'alg none': /algorithm that is not accepted/,
    'alg none with the kid and signature of another': /algorithm that is not accepted/,
    'HS256 signed with the public key': /algorithm that is not accepted/,
    'empty sub': /names no user/,
    'no sub': /names no user/,
    'sub of another type': /names no user/,
    'no exp': /"exp" claim is missing/,
    'exp of another type': /"exp" claim is missing or of the wrong type/,
    'no iss': /"iss" claim is missing/,
    'an extension that must be understood': /not a well-formed/,
    'no JSON Web Token': /not a well-formed/,
  };

  test.each(Object.keys(reasons) as RefusedToken[])('%s', async (kind) => {
    await issuer.rotate('ES256');
    const gateway = createVerifier(kind === 'wrong audience' ? { audience: 'gateway' } : {});
    const token = await refusedTokens[kind](issuer);
    const refusal = await Promise.resolve(gateway.verify(token)).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(AuthenticationError);
    expect(refusal).toHaveProperty('message', expect.stringMatching(reasons[kind]));
    expect(refusal).not.toHaveProperty('cause');
  });

  test('says nothing of what would have been accepted', async () => {
    const gateway = createVerifier({ audience: 'the-secret-audience' });
    const messages = await Promise.all(
      Object.values(refusedTokens).map(async (mint) => {
        const token = await mint(issuer);
        const error = await Promise.resolve(gateway.verify(token)).catch((e: unknown) => e);
        return (error as Error).message;
      }),
    );
    expect(messages.join()).not.toMatch(/127\.0\.0\.1|the-secret-audience|alice/);
    expect(messages.join()).not.toContain(issuer.key.kid);
  });

  test('stays refused when it is sent again', async () => {
    const token = await refusedTokens['tampered payload'](issuer);
    await expect(verifier.verify(token)).rejects.toThrow(AuthenticationError);
    await expect(verifier.verify(token)).rejects.toThrow(AuthenticationError);
  });
});

describe('a verified token', () => {
  test('is answered at once from then on, without a promise', async () => {
    const token = await issuer.token();
    await verifier.verify(token);
    expect(verifier.verify(token)).toMatchObject(alice);
  });

  test('is answered with one frozen object, which says until when the token is good', async () => {
    const token = await issuer.token({ exp: start / 1000 + 60 });
    const identity = await verifier.verify(token);
    expect(identity.user.expiresAtMs).toBe(start + 65_000);
    expect(verifier.verify(token)).toBe(identity);
    expect(verifier.recall(token)).toBe(identity);
    expect([identity, identity.user].map(Object.isFrozen)).toEqual([true, true]);
  });

  test('is recalled, and nothing else is', async () => {
    const token = await issuer.token({ exp: start / 1000 + 60 });
    expect(verifier.recall(token)).toBeUndefined();
    const checking = verifier.verify(token);
    expect(verifier.recall(token)).toBeUndefined();
    await checking;
    expect(verifier.recall(`${token}A`)).toBeUndefined();
    expect(verifier.recall('')).toBeUndefined();
    now = start + 65_000;
    expect(verifier.recall(token)).toBeUndefined();
  });

  test('is not taken for another that differs in one character', async () => {
    const token = await issuer.token();
    await verifier.verify(token);
    await expect(verifier.verify(`${token}A`)).rejects.toThrow(AuthenticationError);
  });

  test('is refused from the very millisecond at which its exp passes, tolerance included', async () => {
    const token = await issuer.token({ exp: start / 1000 + 60 });
    await verifier.verify(token);
    now = start + 64_999;
    expect(verifier.verify(token)).toMatchObject(alice);
    now = start + 65_000;
    await expect(verifier.verify(token)).rejects.toThrow(/expired/);
  });

  test('is verified anew after five minutes', async () => {
    const token = await issuer.token({ exp: start / 1000 + 3600 });
    await verifier.verify(token);
    now = start + 299_999;
    expect(verifier.verify(token)).toMatchObject(alice);
    now = start + 300_000;
    expect(verifier.verify(token)).toBeInstanceOf(Promise);
  });

  test('is forgotten when more tokens come than are remembered', async () => {
    const small = createVerifier({ maxVerifiedTokens: 2 });
    const tokens = await Promise.all(['a', 'b', 'c'].map((sub) => issuer.token({ sub })));
    for (const token of tokens) await small.verify(token);
    const answers = tokens.toReversed().map((token) => small.verify(token));
    expect(answers.map((answer) => !(answer instanceof Promise))).toEqual([true, true, false]);
    await answers[2];
  });

  test('is verified once for callers that come at once', async () => {
    const signatureChecks = vi.spyOn(crypto.subtle, 'verify');
    onTestFinished(() => {
      signatureChecks.mockRestore();
    });
    const token = await issuer.token();
    const users = await Promise.all(Array.from({ length: 50 }, async () => verifier.verify(token)));
    expect(new Set(users.map(({ user }) => user.id))).toEqual(new Set(['alice']));
    expect(signatureChecks).toHaveBeenCalledTimes(1);
  });
});

describe('the place of the keys', () => {
  test('is below the issuer, whether or not that ends with a slash', async () => {
    const slashed = `${issuer.url}/`;
    const token = await issuer.token({ iss: slashed });
    await expect(createVerifier({ issuer: slashed }).verify(token)).resolves.toMatchObject(alice);
  });

  test('can be elsewhere', async () => {
    const elsewhere = createVerifier({ issuer: 'https://login.example', jwksUrl: issuer.jwksUrl });
    const token = await issuer.token({ iss: 'https://login.example' });
    await expect(elsewhere.verify(token)).resolves.toMatchObject(alice);
  });

  test.each([
    'urn:example:issuer',
    'login.example',
    'Acme accounts',
    'https://login.example/?t=1#x',
  ])('is as it is configured where the issuer is called %s', async (iss) => {
    const elsewhere = createVerifier({ issuer: iss, jwksUrl: issuer.jwksUrl });
    await expect(elsewhere.verify(await issuer.token({ iss }))).resolves.toMatchObject(alice);
    const other = elsewhere.verify(await issuer.token({ iss: `${iss}/` }));
    await expect(other).rejects.toThrow(/another issuer/);
  });

  test('follows from the issuer where it is not configured, so that this is a URL', () => {
    expect(() => createVerifier({ issuer: 'login.example' })).toThrow(TypeError);
  });

  test.each(['file:///etc/keys.json', 'data:application/json,{}', 'no url'])(
    'cannot be %s',
    (jwksUrl) => {
      expect(() => createVerifier({ jwksUrl })).toThrow(TypeError);
    },
  );

  test('is not asked before a token comes', async () => {
    const before = issuer.fetches;
    createVerifier();
    await fetch(`${issuer.url}/after-any-request-under-way`);
    expect(issuer.fetches).toBe(before);
  });

  test('tells what came of every fetch', async () => {
    const outcomes: string[] = [];
    const watched = createVerifier({ onKeyFetch: (outcome) => outcomes.push(outcome) });
    issuer.answer(answerWith(500));
    await expect(watched.verify(await issuer.token())).rejects.toMatchObject({ retryable: true });
    issuer.answer(undefined);
    await watched.verify(await issuer.token());
    const stranger = await createSigningKey();
    for (let i = 0; i < 6; i++) {
      await Promise.resolve(watched.verify(await signToken(stranger, { i }))).catch(
        () => undefined,
      );
    }
    expect(outcomes.join(' ')).toBe(
      'failed fetched fetched fetched fetched fetched fetched refused',
    );
  });
});
