import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { INTROSPECTION: 'true' } });
});
afterAll(() => gateway.close());

// Only requests at the very path of the endpoint are planned; Yoga executes those at similar paths.
describe.each([
  { way: 'planned where possible', path: '/graphql' },
  { way: 'executed by Yoga', path: '/graphql/' },
])('GraphQL over HTTP, $way', ({ path }) => {
  const audits = serverAudits({ url: () => gateway.url + path });

  it.each(audits.map(({ id, name, fn }) => ({ id, name, fn })))('$id $name', async ({ fn }) => {
    const result = await fn();
    expect(result.status, 'reason' in result ? result.reason : '').toBe('ok');
  });
});
