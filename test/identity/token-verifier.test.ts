import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';

import { AuthenticationError } from '../../src/errors.ts';
import { createTokenVerifier } from '../../src/identity/token-verifier.ts';
import type { TokenVerifier, TokenVerifierOptions } from '../../src/identity/token-verifier.ts';
import { User } from '../../src/identity/user.ts';
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
  return createTokenVerifier({ issuer: issuer.url, clock: () => now, ...options });
}

beforeAll(async () => {
  issuer = await startIssuer({ now: () => now });
  return () => issuer.close();
});

beforeEach(() => {
  now = start;
  verifier = createVerifier();
});

describe('a token that is accepted', () => {
  test.each(['ES256', 'RS256', 'EdDSA'])('is signed with %s', async (algorithm) => {
    await issuer.rotate(algorithm);
    await expect(verifier.verify(await issuer.token())).resolves.toMatchObject({ id: 'alice' });
  });

  test('tells who the user is', async () => {
    const token = await issuer.token({
      organization: 'acme',
      workspace: 'research',
      organization_permissions: ['a', 'b'],
      workspace_permissions: ['c'],
    });
    const user = await verifier.verify(token);
    expect(user).toEqual({
      id: 'alice',
      sessionId: 'session-of-alice',
      organization: 'acme',
      workspace: 'research',
      organizationPermissions: ['a', 'b'],
      workspacePermissions: ['c'],
    });
    expect(user.revealToken()).toBe(token);
  });

  test('loses claims of the wrong type, and only those', async () => {
    const token = await issuer.token({
      sid: 1,
      organization: ['acme'],
      workspace: null,
      organization_permissions: 'manage',
      workspace_permissions: ['read', 1, null, ['manage']],
    });
    await expect(verifier.verify(token)).resolves.toEqual({
      id: 'alice',
      sessionId: null,
      organization: null,
      workspace: null,
      organizationPermissions: [],
      workspacePermissions: ['read'],
    });
  });

  test('may have no kid, when one of several keys verifies it', async () => {
    const { key } = issuer;
    await issuer.rotate(key.algorithm);
    const { iss, sub, exp } = { iss: issuer.url, sub: 'alice', exp: start / 1000 + 60 };
    const token = await signToken(key, { iss, sub, exp }, { kid: undefined });
    await expect(verifier.verify(token)).resolves.toBeInstanceOf(User);
  });

  test('may have a kid that two keys share', async () => {
    const first = await issuer.rotate('ES256', 'shared');
    await issuer.rotate('ES256', 'shared');
    const claims = { iss: issuer.url, sub: 'alice', exp: start / 1000 + 60 };
    await expect(verifier.verify(await signToken(first, claims))).resolves.toBeInstanceOf(User);
    await expect(verifier.verify(await issuer.token())).resolves.toBeInstanceOf(User);
  });

  test('names the audience, alone or among others, where one is set', async () => {
    const strict = createVerifier({ audience: 'gateway' });
    for (const aud of ['gateway', ['else', 'gateway']]) {
      await expect(strict.verify(await issuer.token({ aud }))).resolves.toBeInstanceOf(User);
    }
  });

  test('may name any audience where none is set', async () => {
    await expect(verifier.verify(await issuer.token({ aud: 'else' }))).resolves.toBeInstanceOf(
      User,
    );
  });

  test('is valid up to five seconds before nbf and after exp', async () => {
    const token = await issuer.token({ nbf: start / 1000 + 5, exp: start / 1000 + 10 });
    await expect(verifier.verify(token)).resolves.toBeInstanceOf(User);
    now = start + 14_999;
    await expect(createVerifier().verify(token)).resolves.toBeInstanceOf(User);
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
    expect(verifier.verify(token)).toBeInstanceOf(User);
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
    expect(verifier.verify(token)).toBeInstanceOf(User);
    now = start + 65_000;
    await expect(verifier.verify(token)).rejects.toThrow(/expired/);
  });

  test('is verified anew after five minutes', async () => {
    const token = await issuer.token({ exp: start / 1000 + 3600 });
    await verifier.verify(token);
    now = start + 299_999;
    expect(verifier.verify(token)).toBeInstanceOf(User);
    now = start + 300_000;
    expect(verifier.verify(token)).toBeInstanceOf(Promise);
  });

  test('is forgotten when more tokens come than are remembered', async () => {
    const small = createVerifier({ maxVerifiedTokens: 2 });
    const tokens = await Promise.all(['a', 'b', 'c'].map((sub) => issuer.token({ sub })));
    for (const token of tokens) await small.verify(token);
    const answers = tokens.toReversed().map((token) => small.verify(token));
    expect(answers.map((answer) => answer instanceof User)).toEqual([true, true, false]);
    await answers[2];
  });

  test('is verified once for callers that come at once', async () => {
    const signatureChecks = vi.spyOn(crypto.subtle, 'verify');
    onTestFinished(() => {
      signatureChecks.mockRestore();
    });
    const token = await issuer.token();
    const users = await Promise.all(Array.from({ length: 50 }, async () => verifier.verify(token)));
    expect(new Set(users.map(({ id }) => id))).toEqual(new Set(['alice']));
    expect(signatureChecks).toHaveBeenCalledTimes(1);
  });
});

describe('the place of the keys', () => {
  test('is below the issuer, whether or not that ends with a slash', async () => {
    const slashed = `${issuer.url}/`;
    const token = await issuer.token({ iss: slashed });
    await expect(createVerifier({ issuer: slashed }).verify(token)).resolves.toBeInstanceOf(User);
  });

  test('can be elsewhere', async () => {
    const elsewhere = createVerifier({ issuer: 'https://login.example', jwksUrl: issuer.jwksUrl });
    const token = await issuer.token({ iss: 'https://login.example' });
    await expect(elsewhere.verify(token)).resolves.toBeInstanceOf(User);
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
    for (let i = 0; i < 5; i++) {
      await Promise.resolve(watched.verify(await signToken(stranger, { i }))).catch(
        () => undefined,
      );
    }
    expect(outcomes.join(' ')).toBe('failed fetched fetched fetched fetched fetched refused');
  });
});
