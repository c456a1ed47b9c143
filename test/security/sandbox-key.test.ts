import { importJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createTokenVerifier } from '../../src/identity/token-verifier.ts';
import { User } from '../../src/identity/user.ts';
import { sandboxKeySet } from '../../src/sandbox/index.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const [sandboxKey] = sandboxKeySet.keys;
/** The private half, as anyone can read it in the source of the sandbox. */
const d = 'lbSE1GehE9JbXDQ7qjqPRavfYJq8DAw-HjEvCJQ4epk';

/** One and the same point, whose last bits of base64url are spelled in another way. */
const respelled = { ...sandboxKey, x: sandboxKey.x.replace(/o$/, 'p'), kid: 'respelled' };

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
      expect(await careless.verify(token)).toBeInstanceOf(User);

      gateway.upstream.clear();
      const query = '{ executionContext(id: "ctx_1") { __typename } }';
      const { body } = await gateway.ask(query, {}, { token });
      expect(body.data.executionContext.__typename).toBe('ExecutionContextAuthenticationError');
      expect(gateway.upstream.requests).toEqual([]);
    },
  );

  it('takes the tokens of the key that is its own', async () => {
    const token = await gateway.tokenOf('alice');
    const { body } = await gateway.ask(
      '{ executionContext(id: "ctx_1") { __typename } }',
      {},
      {
        token,
      },
    );
    expect(body.data.executionContext.__typename).toBe('AiExecutionContext');
  });
});
