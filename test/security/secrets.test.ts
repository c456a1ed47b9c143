import { beforeAll, expect, it } from 'vitest';

import { askFields, fields, mutationOf, queryOf } from '../support/fields.ts';
import { apiKey, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { refusedTokens } from '../support/refused-tokens.ts';
import { hangUp, reply, truncatedJson } from '../support/upstream-faults.ts';

const routerSecret = 'the-router-secret';
const value = 'a-value-inside-of-a-context';
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ env: { ROUTER_SECRET: routerSecret } });
});

const update = /* GraphQL */ `
  mutation ($context: JSON) {
    updateExecutionContext(id: "ctx_1", input: { context: $context }) {
      __typename
    }
  }
`;

it('writes no token, key, secret or context into its logs, whatever happens', async () => {
  const { upstream, issuer } = gateway;
  upstream.seed({ id: 'ctx_1', user_id: 'alice', context: value });
  const tokens = [await gateway.tokenOf('alice'), await gateway.tokenOf('bob')];
  tokens.push(...(await Promise.all(Object.values(refusedTokens).map((mint) => mint(issuer)))));
  const headers = { 'x-router-secret': routerSecret };

  for (const token of tokens) {
    const options = { token, headers };
    await askFields(gateway, queryOf(fields.read('ctx_1'), fields.list('agent')), options);
    await askFields(gateway, mutationOf(fields.update('ctx_1'), fields.create()), options);
  }
  const [token = ''] = tokens;
  const faults = [
    hangUp(),
    truncatedJson(),
    reply(500, value),
    reply(401, value),
    reply(418, value),
  ];
  for (const fault of faults) {
    upstream.clear();
    upstream.on('PUT', () => true, fault);
    await gateway.ask(update, { context: value }, { token, headers });
  }
  await gateway.ask(`{ ${value}(`, {}, { token, headers });
  const url = `${gateway.url}/graphql?token=${token}&query=${encodeURIComponent(`{${value}}`)}`;
  await fetch(url, { headers: { ...headers, authorization: `Bearer ${token}` } });
  await fetch(url, { headers: { 'x-router-secret': value } });
  // A request is logged when its connection is done with it: by now all are.
  await gateway.close();

  const logs = gateway.logs();
  expect(logs.trim().split('\n').length).toBeGreaterThan(tokens.length);
  for (const secret of [...tokens, apiKey, routerSecret, value]) expect(logs).not.toContain(secret);
});
