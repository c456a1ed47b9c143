import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { AuthenticationError, UpstreamError } from '../../src/errors.ts';
import { createTokenVerifier } from '../../src/identity/token-verifier.ts';
import type { TokenVerifier } from '../../src/identity/token-verifier.ts';
import type { UserIdentity } from '../../src/identity/user.ts';
import { answerWith, hang, reset, startIssuer } from '../support/issuer.ts';
import type { Answer, Issuer } from '../support/issuer.ts';
import { createSigningKey, signToken } from '../support/signing-key.ts';
import type { SigningKey } from '../support/signing-key.ts';

const minute = 60_000;
const alice = { kind: 'user', user: { id: 'alice' } };
const unavailable = { code: 'UPSTREAM_UNAVAILABLE', retryable: true };

let now: number;
let issuer: Issuer;
let verifier: TokenVerifier;
let stranger: SigningKey;

beforeEach(async () => {
  now = Date.parse('2030-01-01T00:00:00Z');
  issuer = await startIssuer({ now: () => now });
  verifier = createTokenVerifier({ issuer: issuer.url, now: () => now });
  stranger = await createSigningKey();
});

afterEach(() => issuer.close());

/** Verifies a new token of the issuer's, which no cache can know. */
async function verifyNew(key = issuer.key): Promise<UserIdentity | Error> {
  const claims = { iss: issuer.url, sub: 'alice', exp: now / 1000 + 600, jti: crypto.randomUUID() };
  return verify(await signToken(key, claims));
}

async function verify(token: string): Promise<UserIdentity | Error> {
  try {
    return await verifier.verify(token);
  } catch (error) {
    return error as Error;
  }
}

function unknownKidToken(): Promise<string> {
  return signToken({ ...stranger, kid: crypto.randomUUID() }, { sub: 'mallory' });
}

async function verifyUnknownKid(): Promise<UserIdentity | Error> {
  return verify(await unknownKidToken());
}

/** Resolves once the fetch now under way has been taken in. */
async function backgroundFetch(count: number): Promise<void> {
  await issuer.fetched(count);
  await expect.poll(() => verifyUnknownKid()).toBeInstanceOf(AuthenticationError);
}

describe('rotation', () => {
  test('serves every token of new and old keys, with no restart', async () => {
    for (let i = 0; i < 12; i++) {
      const retiring = issuer.key;
      await issuer.rotate(i % 2 ? 'EdDSA' : 'ES256');
      const users = await Promise.all(
        [issuer.key, retiring, issuer.key, issuer.key].map((key) => verifyNew(key)),
      );
      for (const user of users) expect(user).toMatchObject(alice);
    }
  });

  test('serves a key published while a fetch without it was under way', async () => {
    await verifyNew();
    const release = issuer.hold();
    const early = verifyUnknownKid();
    await issuer.fetched(2);
    await issuer.rotate();
    const late = verifyNew();
    release();
    expect(await early).toBeInstanceOf(AuthenticationError);
    expect(await late).toMatchObject(alice);
  });

  test('refuses a withdrawn key from the next refresh on', async () => {
    const withdrawn = issuer.key;
    await verifyNew();
    await issuer.rotate();
    issuer.withdraw(withdrawn.kid);
    expect(await verifyNew(withdrawn)).toMatchObject(alice);
    now += 5 * minute;
    await verifyNew(withdrawn);
    await backgroundFetch(2);
    expect(await verifyNew(withdrawn)).toBeInstanceOf(AuthenticationError);
  });

  test('refuses a withdrawn key at once after ten quiet minutes', async () => {
    const withdrawn = issuer.key;
    await verifyNew();
    await issuer.rotate();
    issuer.withdraw(withdrawn.kid);
    now += 10 * minute;
    expect(await verifyNew(withdrawn)).toBeInstanceOf(AuthenticationError);
  });
});

describe('rotation by an issuer whose tokens have no kid', () => {
  const nameless = { kid: undefined };

  async function verifyNameless(key: SigningKey): Promise<UserIdentity | Error> {
    const claims = { iss: issuer.url, sub: 'alice', exp: now / 1000 + 600 };
    return verify(await signToken(key, { ...claims, jti: crypto.randomUUID() }, nameless));
  }

  test.each<[string, (kid: string) => string | undefined]>([
    ['keys have one', (kid) => kid],
    ['keys have none either', () => undefined],
  ])('serves new tokens at once: %s', async (_, kidOf) => {
    const retired = await createSigningKey();
    for (let i = 0; i < 8; i++) {
      const next = i === 0 ? retired : await createSigningKey();
      const keys = [{ ...next.jwk, kid: kidOf(next.kid) }];
      issuer.answer(answerWith(200, JSON.stringify({ keys })));
      const users = await Promise.all(Array.from({ length: 30 }, () => verifyNameless(next)));
      for (const user of users) expect(user).toMatchObject(alice);
    }
    expect(issuer.fetches).toBe(8);
    expect(await verifyNameless(retired)).toBeInstanceOf(AuthenticationError);
  });

  test('serves tokens that name a key which the issuer replaced under its kid', async () => {
    await issuer.rotate('ES256', 'the one');
    expect(await verifyNew()).toMatchObject(alice);
    issuer.withdraw('the one');
    await issuer.rotate('ES256', 'the one');
    expect(await verifyNew()).toMatchObject(alice);
  });

  test('is asked for five times at most by tokens of strangers', async () => {
    await verifyNew();
    const answers: (UserIdentity | Error)[] = [];
    for (let i = 0; i < 20; i++) answers.push(await verifyNameless(stranger));
    expect(issuer.fetches).toBe(1 + 5);
    for (const answer of answers.slice(0, 5)) {
      expect(answer).toBeInstanceOf(AuthenticationError);
      expect((answer as Error).message).toMatch(/signature .* not valid/);
    }
    for (const answer of answers.slice(5)) expect(answer).toMatchObject(unavailable);
    expect(await verifyNameless(issuer.key)).toMatchObject(alice);
  });

  test('puts nobody off for a bad signature under a kid that is known', async () => {
    await verifyNew();
    const forger = { ...stranger, kid: issuer.key.kid };
    for (let i = 0; i < 20; i++) {
      expect(await verifyNew(forger)).toBeInstanceOf(AuthenticationError);
    }
    expect(issuer.fetches).toBe(1 + 5);
    issuer.answer(reset);
    now += 30_000;
    expect(await verifyNew(forger)).toBeInstanceOf(AuthenticationError);
  });

  test('asks nobody twice for a token that came before the keys', async () => {
    expect(await verifyNameless(stranger)).toBeInstanceOf(AuthenticationError);
    expect(issuer.fetches).toBe(1);
  });
});

describe('refreshing', () => {
  test('does not happen while the keys are younger than five minutes', async () => {
    await verifyNew();
    now += 5 * minute - 1;
    await verifyNew();
    expect(issuer.fetches).toBe(1);
  });

  test('happens once and keeps no token waiting, until the keys are ten minutes old', async () => {
    verifier = createTokenVerifier({ issuer: issuer.url, now: () => now, jwksTimeoutMs: minute });
    await verifyNew();
    const release = issuer.hold();
    now += 10 * minute - 1;
    const users = await Promise.all([verifyNew(), verifyNew(), verifyNew()]);
    for (const user of users) expect(user).toMatchObject(alice);
    release();
    await issuer.fetched(2);
    await issuer.rotate();
    expect(await verifyNew()).toMatchObject(alice);
    expect(issuer.fetches).toBe(3);
  });
});

describe('a burst of 1,000 tokens with unknown kids', () => {
  test('all at once, causes at most five fetches', async () => {
    const tokens = await Promise.all(Array.from({ length: 1000 }, unknownKidToken));
    const answers = await Promise.all(tokens.map(verify));
    for (const answer of answers) expect(answer).toBeInstanceOf(AuthenticationError);
    expect(issuer.fetches).toBeLessThanOrEqual(5);
  });

  test('one after the other, causes five fetches and is then put off', async () => {
    const answers: (UserIdentity | Error)[] = [];
    for (let i = 0; i < 1000; i++) answers.push(await verifyUnknownKid());
    expect(issuer.fetches).toBe(5);
    for (const answer of answers.slice(0, 5)) expect(answer).toBeInstanceOf(AuthenticationError);
    for (const answer of answers.slice(5)) expect(answer).toMatchObject(unavailable);
  });

  test('leaves users of known keys alone', async () => {
    await verifyNew();
    for (let i = 0; i < 10; i++) await verifyUnknownKid();
    expect(await verifyNew()).toMatchObject(alice);
  });

  test('lets a rotated key in as soon as the first fetch is 30 seconds old', async () => {
    await verifyUnknownKid();
    now += 10_000;
    for (let i = 0; i < 10; i++) await verifyUnknownKid();
    await issuer.rotate();
    expect(await verifyNew()).toMatchObject(unavailable);
    now += 19_999;
    expect(await verifyNew()).toMatchObject(unavailable);
    now += 1;
    expect(await verifyNew()).toMatchObject(alice);
  });

  test('does not bar fetching for longer when the clock is set back', async () => {
    for (let i = 0; i < 10; i++) await verifyUnknownKid();
    now -= 60 * minute;
    await issuer.rotate();
    expect(await verifyNew()).toMatchObject(alice);
  });
});

describe('while the issuer is down', () => {
  test('known keys serve for an hour after they were due for a refresh, and no longer', async () => {
    const loadedAt = now;
    await verifyNew();
    issuer.answer(answerWith(503));
    for (const age of [10, 30, 60, 69]) {
      now = loadedAt + age * minute;
      expect(await verifyNew(), `after ${age} minutes`).toMatchObject(alice);
    }
    now = loadedAt + 70 * minute;
    expect(await verifyNew()).toMatchObject(unavailable);
    issuer.answer(undefined);
    expect(await verifyNew()).toMatchObject(alice);
  });

  test('an unknown key is no bad token', async () => {
    await verifyNew();
    issuer.answer(reset);
    await issuer.rotate();
    expect(await verifyNew()).toMatchObject(unavailable);
  });

  test('refreshing is tried again every 30 seconds, and no oftener', async () => {
    await verifyNew();
    issuer.answer(answerWith(503));
    now += 15 * minute;
    for (let i = 0; i < 10; i++) await verifyNew();
    expect(issuer.fetches).toBe(2);
    now += 30_000;
    for (let i = 0; i < 10; i++) await verifyNew();
    await issuer.fetched(3);
    expect(issuer.fetches).toBe(3);
  });

  test('no token waits for a refresh after one has failed', async () => {
    verifier = createTokenVerifier({ issuer: issuer.url, now: () => now, jwksTimeoutMs: minute });
    await verifyNew();
    issuer.answer(reset);
    now += 15 * minute;
    expect(await verifyNew()).toMatchObject(alice);
    issuer.answer(hang);
    now += 30_000;
    expect(await verifyNew()).toMatchObject(alice);
    await issuer.fetched(3);
  });

  test('a first fetch that fails is made good by the next token', async () => {
    issuer.answer(answerWith(503));
    expect(await verifyNew()).toMatchObject(unavailable);
    issuer.answer(undefined);
    expect(await verifyNew()).toMatchObject(alice);
  });
});

describe('an issuer that is late at the start', () => {
  test.each([
    ['cuts connections', reset],
    ['answers 503', answerWith(503)],
    ['publishes an error page', answerWith(200, '<html>')],
  ])('is asked three times in three seconds at most while it %s', async (_, answer) => {
    issuer.answer(answer);
    for (let i = 0; i < 50; i++) expect(await verifyNew()).toMatchObject(unavailable);
    expect(issuer.fetches).toBe(3);
    now += 2999;
    expect(await verifyNew()).toMatchObject(unavailable);
    expect(issuer.fetches).toBe(3);
  });

  test('lets users in three seconds after any attempt, however many there were', async () => {
    issuer.answer(reset);
    for (let second = 0; second < 60; second++) {
      for (let i = 0; i < 5; i++) await verifyNew();
      now += 1000;
    }
    issuer.answer(undefined);
    now += 2000;
    expect(await verifyNew()).toMatchObject(alice);
  });

  test('leaves the budget for unknown keys whole', async () => {
    issuer.answer(reset);
    for (let i = 0; i < 50; i++) await verifyUnknownKid();
    issuer.answer(undefined);
    now += 3000;
    const fetches = issuer.fetches;
    for (let i = 0; i < 5; i++)
      expect(await verifyUnknownKid()).toBeInstanceOf(AuthenticationError);
    expect(issuer.fetches).toBe(fetches + 5);
    expect(await verifyUnknownKid()).toMatchObject(unavailable);
  });

  test('is asked once for all tokens that come meanwhile', async () => {
    const release = issuer.hold();
    const waiting = Promise.all(Array.from({ length: 100 }, () => verifyNew()));
    await issuer.fetched(1);
    release();
    for (const user of await waiting) expect(user).toMatchObject(alice);
    expect(issuer.fetches).toBe(1);
  });
});

describe('an answer that is no key set', () => {
  const large = JSON.stringify({ keys: [], padding: 'x'.repeat(300_000) });
  const answers: Record<string, Answer> = {
    'a status other than 200': answerWith(404, '{"keys":[]}'),
    'a large error page': answerWith(500, large),
    'a redirect': answerWith(302, '', { location: '/elsewhere' }),
    'no JSON': answerWith(200, '<html>'),
    'JSON of another shape': answerWith(200, '{"key":{}}'),
    'JSON that is no object': answerWith(200, 'null'),
    'too large': answerWith(200, large),
    'a lost connection': reset,
    'silence beyond the deadline': hang,
    'silence in the middle of the body': (response) => response.writeHead(200).write('{"keys":'),
  };

  test.each(Object.entries(answers))('is no bad token: %s', async (name, answer) => {
    const jwksTimeoutMs = name.startsWith('silence') ? 200 : 3000;
    verifier = createTokenVerifier({ issuer: issuer.url, now: () => now, jwksTimeoutMs });
    issuer.answer(answer);
    const refusal = await verifyNew();
    expect(refusal).toBeInstanceOf(UpstreamError);
    expect(refusal).toMatchObject(unavailable);
    expect((refusal as Error).message).not.toMatch(/127\.0\.0\.1|jwks/);
    expect(issuer.fetches).toBe(1);
  });
});
