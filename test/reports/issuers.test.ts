import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';

import { createClock } from '../support/clock.ts';
import { answerWith, reset } from '../support/issuer.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { runOne } from '../support/operations.ts';

let gateway: TestGateway;
afterEach(() => gateway.close());

async function codeOf(token: string): Promise<string> {
  gateway.upstream.seed({ id: 'ctx_1', user_id: 'alice' });
  return (await runOne(gateway, 'fetch', 'ctx_1', { token })).code ?? 'ok';
}

function keys(...members: readonly object[]): string {
  return JSON.stringify({ keys: members });
}

describe('an issuer', () => {
  it('may compress its keys, though it is asked not to', async () => {
    gateway = await startTestGateway();
    const { issuer } = gateway;
    const bytes = gzipSync(keys(issuer.key.jwk));
    issuer.answer(answerWith(200, bytes, { 'content-encoding': 'gzip' }));
    expect(await codeOf(await issuer.token())).toBe('ok');
  });

  it('may rotate keys where its tokens have no kid', async () => {
    gateway = await startTestGateway();
    const { issuer } = gateway;
    expect(await codeOf(await issuer.token({}, { kid: undefined }))).toBe('ok');
    await issuer.rotate();
    expect(await codeOf(await issuer.token({}, { kid: undefined }))).toBe('ok');
  });

  it.each([
    ['all with a kid', 0],
    ['some without', 8],
    ['all without', 16],
  ])('may have more than ten keys, %s', async (_, unnamed) => {
    gateway = await startTestGateway();
    const { issuer } = gateway;
    const members = [issuer.key.jwk];
    while (members.length < 16) members.push((await issuer.rotate()).jwk);
    const published = members.map(({ kid, ...jwk }, i) =>
      i < 16 - unnamed ? { kid, ...jwk } : jwk,
    );
    issuer.answer(answerWith(200, keys(...published)));
    expect(new Set(published.map((member) => member.x)).size).toBe(16);
    // It signs with the last of them.
    expect(await codeOf(await issuer.token())).toBe('ok');
    expect(await codeOf(await issuer.token({}, { kid: undefined }))).toBe('ok');
  });

  it('may be late: its users are let in within 3 s, however many were turned away before', async () => {
    const clock = createClock();
    gateway = await startTestGateway({ clock });
    const { issuer } = gateway;
    issuer.answer(reset);
    for (let i = 0; i < 10; i += 1) {
      expect(await codeOf(await issuer.token({ jti: String(i) }))).toBe('UPSTREAM_UNAVAILABLE');
      clock.advance(100);
    }
    issuer.answer(undefined);
    expect(await codeOf(await issuer.token({ jti: 'too soon' }))).toBe('UPSTREAM_UNAVAILABLE');
    clock.advance(3_000 - 1_000);
    expect(await codeOf(await issuer.token())).toBe('ok');
  });

  it.each(['urn:example:issuer', 'our issuer', 'accounts.example.com'])(
    'may have a name that is no place, where JWKS_URL says the place: %s',
    async (iss) => {
      const other = await startTestGateway();
      gateway = await startTestGateway({
        env: { JWT_ISSUER: iss, JWKS_URL: other.issuer.jwksUrl },
      });
      expect(await codeOf(await other.issuer.token({ iss }))).toBe('ok');
      await other.close();
    },
  );
});
