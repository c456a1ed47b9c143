import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createClock } from '../support/clock.ts';
import { askFields, fields, mutationOf, queryOf } from '../support/fields.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { reply, replyError } from '../support/upstream-faults.ts';

const clock = createClock();
let gateway: TestGateway;
let users = 0;
let id: string;
let token: string;

beforeAll(async () => {
  gateway = await startTestGateway({ clock, env: { CORS_ORIGINS: 'https://app.example' } });
});
afterAll(() => gateway.close());

beforeEach(async () => {
  users += 1;
  id = `ctx_${users}`;
  token = await gateway.tokenOf(`user-${users}`);
  gateway.upstream.clear();
  gateway.upstream.seed({ id, user_id: `user-${users}` }, { id: 'of_another', user_id: 'another' });
});

const times = (count: number, field: string) => Array.from({ length: count }, () => field);

/** The two headers of a response, and the one there must never be. */
async function headersOf(document: string, options: object = { token }) {
  const { status, headers } = await askFields(gateway, document, options);
  expect(status).toBe(200);
  expect(headers.has('retry-after')).toBe(false);
  return { policy: headers.get('ratelimit-policy'), limit: headers.get('ratelimit') };
}

const updatePolicy = '"minute";q=50;w=60, "burst";q=10;w=1';
const readPolicy = '"minute";q=100;w=60, "burst";q=20;w=1';
const createPolicy = '"minute";q=100;w=60, "burst";q=10;w=1';

describe('the response', () => {
  it.each([
    ['an update', () => mutationOf(fields.update(id)), updatePolicy, 9],
    ['a delete', () => mutationOf(fields.delete('none')), updatePolicy, 9],
    ['a create', () => mutationOf(fields.create()), createPolicy, 9],
    ['a read', () => queryOf(fields.read(id)), readPolicy, 19],
    ['a list', () => queryOf(fields.list('agent')), readPolicy, 19],
  ])('to %s tells the policy and what is left of it', async (_, document, policy, left) => {
    expect(await headersOf(document())).toEqual({ policy, limit: `"burst";r=${left};t=1` });
  });

  it.each([
    ['FORBIDDEN', () => fields.update('of_another'), null],
    ['NOT_FOUND', () => fields.update('none'), null],
    ['UPSTREAM_FAILED', () => fields.update(id), reply(500)],
    ['RATE_LIMITED', () => fields.update(id), replyError(429, 'slow down')],
  ])('tells it with a result of %s too', async (code, field, answer) => {
    if (answer !== null) gateway.upstream.always(answer);
    const document = mutationOf(field());
    const { results } = await askFields(gateway, document, { token });
    expect(results).toMatchObject([{ code }]);
    expect(await headersOf(document)).toEqual({
      policy: updatePolicy,
      limit: '"burst";r=8;t=1',
    });
  });

  it('to an input error tells what is left, though nothing is charged', async () => {
    const bad = mutationOf(fields.update('..'), fields.update('.'));
    expect(await headersOf(bad)).toEqual({ policy: updatePolicy, limit: '"burst";r=10;t=1' });
    await headersOf(mutationOf(...times(10, fields.update(id))));
    expect(await headersOf(bad)).toEqual({ policy: updatePolicy, limit: '"burst";r=0;t=1' });
    const mixed = mutationOf(fields.create(), fields.update('..'));
    expect(await headersOf(mixed)).toEqual({ policy: updatePolicy, limit: '"burst";r=0;t=1' });
  });

  it('to a caller nobody knows has no such headers: nobody is counted', async () => {
    const update = mutationOf(fields.update(id));
    expect(await headersOf(update, {})).toEqual({ policy: null, limit: null });
  });

  it('to refused calls says that nothing is left, and until when', async () => {
    await headersOf(mutationOf(...times(10, fields.update(id))));
    clock.advance(300);
    expect(await headersOf(mutationOf(fields.update(id)))).toEqual({
      policy: updatePolicy,
      limit: '"burst";r=0;t=1',
    });
    for (let second = 0; second < 4; second += 1) {
      clock.advance(1000);
      await headersOf(mutationOf(...times(10, fields.update(id))));
    }
    expect(await headersOf(mutationOf(fields.update(id)))).toEqual({
      policy: updatePolicy,
      limit: '"minute";r=0;t=56',
    });
  });

  it('to fields of several groups tells the tightest', async () => {
    await headersOf(mutationOf(...times(5, fields.create())));
    const mixed = mutationOf(fields.create(), fields.update(id), fields.update(id));
    expect(await headersOf(mixed)).toEqual({ policy: createPolicy, limit: '"burst";r=4;t=1' });
    const refused = mutationOf(...times(11, fields.update(id)), fields.create());
    expect(await headersOf(refused)).toEqual({ policy: updatePolicy, limit: '"burst";r=0;t=1' });
  });

  it.each([['{ __typename }'], ['{ __schema { queryType { name } } }'], ['{ _service { sdl } }']])(
    'to %s has no such headers: nothing there is limited',
    async (document) => {
      expect(await headersOf(document)).toEqual({ policy: null, limit: null });
    },
  );

  it('is the same on the way that browsers take, where pages may read it', async () => {
    const origin = { origin: 'https://app.example' };
    const { headers } = await askFields(gateway, mutationOf(fields.update(id)), {
      token,
      headers: origin,
    });
    expect(headers.get('ratelimit')).toBe('"burst";r=9;t=1');
    expect(headers.get('access-control-expose-headers')?.split(/, ?/)).toEqual(
      expect.arrayContaining(['RateLimit', 'RateLimit-Policy']),
    );
  });
});
