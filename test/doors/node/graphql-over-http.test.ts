import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { INTROSPECTION: 'true' } });
});
afterAll(() => gateway.close());

// The route of plain operations takes the endpoint's very path; Yoga's takes all that is like it.
describe.each([
  { route: 'the plain route', path: '/graphql' },
  { route: "Yoga's route", path: '/graphql/' },
])('GraphQL over HTTP, by $route', ({ path }) => {
  const audits = serverAudits({ url: () => gateway.url + path });

  it.each(audits.map(({ id, name, fn }) => ({ id, name, fn })))('$id $name', async ({ fn }) => {
    const result = await fn();
    expect(result.status, 'reason' in result ? result.reason : '').toBe('ok');
  });
});
