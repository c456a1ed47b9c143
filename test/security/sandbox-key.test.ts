import { importJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createTokenVerifier } from '../../src/identity/token-verifier.ts';
import { sandboxKeySet } from '../../src/sandbox/index.ts';
import { askField, fields, queryOf } from '../support/fields.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const [sandboxKey] = sandboxKeySet.keys;
/** The private half, as anyone can read it in the source of the sandbox. */
const d = 'lbSE1GehE9JbXDQ7qjqPRavfYJq8DAw-HjEvCJQ4epk';

/** One and the same point: base64url of 32 bytes leaves two bits that mean nothing. */
const respelled = { ...sandboxKey, x: sandboxKey.x.replace(/o$/, 'p'), kid: 'respelled' };

const read = queryOf(fields.read('ctx_1'));

describe("a real upstream whose issuer publishes the sandbox's key", () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
    gateway.issuer.publish(sandboxKey);
    gateway.issuer.publish({ ...sandboxKey, kid: 'renamed' });
    gateway.issuer.publish(respelled);
    gateway.upstream.seed({ id: 'ctx_1', user_id: 'alice' });
  });
  afterAll(() => gateway.close());

  async function forge(kid: string): Promise<string> {
    return new SignJWT({ iss: gateway.issuer.url, sub: 'alice' })
      .setProtectedHeader({ alg: 'ES256', kid })
      .setExpirationTime('10 minutes')
      .sign(await importJWK({ ...sandboxKey, d }));
  }

  it.each([sandboxKey.kid, 'renamed', 'respelled'])(
    'takes no token that is signed with it as %s',
    async (kid) => {
      const token = await forge(kid);
      const careless = createTokenVerifier({ issuer: gateway.issuer.url });
      expect(await careless.verify(token)).toMatchObject({ kind: 'user' });

      gateway.upstream.clear();
      expect(await askField(gateway, read, { token })).toMatchObject({
        __typename: 'ExecutionContextAuthenticationError',
      });
      expect(gateway.upstream.requests).toEqual([]);
    },
  );

  it('takes the tokens of the key that is its own', async () => {
    const token = await gateway.tokenOf('alice');
    expect(await askField(gateway, read, { token })).toMatchObject({ id: 'ctx_1' });
  });
});
