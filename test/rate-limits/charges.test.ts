import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createClock } from '../support/clock.ts';
import { askField, askFields, fields, mutationOf, queryOf } from '../support/fields.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { hangUp, replyError } from '../support/upstream-faults.ts';
import { refusedTokens } from '../support/refused-tokens.ts';

const clock = createClock();
let gateway: TestGateway;
let users = 0;
let user: string;
let id: string;
let token: string;

beforeAll(async () => {
  gateway = await startTestGateway({ clock });
});
afterAll(() => gateway.close());

beforeEach(async () => {
  users += 1;
  user = `user-${users}`;
  id = `ctx_${users}`;
  token = await gateway.tokenOf(user);
  gateway.upstream.clear();
  gateway.upstream.seed({ id, user_id: user }, { id: 'of_another', user_id: 'another' });
});

const times = (count: number, field: string) => Array.from({ length: count }, () => field);

/** How many of ten updates are admitted still. */
async function updatesLeft(): Promise<number> {
  gateway.upstream.clear();
  const { results } = await askFields(gateway, mutationOf(...times(10, fields.update(id))), {
    token,
  });
  return results.filter(({ __typename }) => __typename === 'AiExecutionContext').length;
}

describe('not charged', () => {
  it('are calls without a token, and with bad ones in the name of the user', async () => {
    const updates = mutationOf(...times(30, fields.update(id)));
    const tokens = [
      undefined,
      await refusedTokens.expired({ ...gateway.issuer, token: forUser }),
      await refusedTokens['wrong issuer']({ ...gateway.issuer, token: forUser }),
      await refusedTokens['tampered payload']({ ...gateway.issuer, token: forUser }),
    ];
    for (const bad of tokens) {
      const { results } = await askFields(
        gateway,
        updates,
        bad === undefined ? {} : { token: bad },
      );
      expect(new Set(results.map(({ code }) => code))).toEqual(new Set(['UNAUTHENTICATED']));
    }
    expect(await updatesLeft()).toBe(10);
  });

  const forUser: TestGateway['issuer']['token'] = (claims, header) =>
    gateway.issuer.token({ sub: user, ...claims }, header);

  it.each([
    ['an id that cannot be one', () => fields.update('..')],
    ['an id too long', () => fields.delete('x'.repeat(257))],
    [
      'nothing to update',
      () => `updateExecutionContext(id: "${id}", input: {}) { ...UpdateExecutionContextResult }`,
    ],
  ])('is %s', async (_, field) => {
    const { results } = await askFields(gateway, mutationOf(...times(30, field())), { token });
    expect(new Set(results.map(({ code }) => code))).toEqual(new Set(['INVALID_INPUT']));
    expect(await updatesLeft()).toBe(10);
  });

  it('is an operation that fails before any field runs', async () => {
    const answer = await gateway.ask('mutation { updateExecutionContext }', {}, { token });
    expect(answer.body).toHaveProperty('errors');
    expect(await updatesLeft()).toBe(10);
  });

  it('is another group', async () => {
    await askFields(gateway, queryOf(...times(20, fields.read(id))), { token });
    await askFields(gateway, mutationOf(...times(10, fields.create())), { token });
    expect(await updatesLeft()).toBe(10);
  });
});

describe('charged', () => {
  it('are calls for what belongs to somebody else, owner known or not', async () => {
    const { results } = await askFields(
      gateway,
      mutationOf(...times(4, fields.update('of_another'))),
      { token },
    );
    expect(results.map(({ code }) => code)).toEqual(times(4, 'FORBIDDEN'));
    expect(await updatesLeft()).toBe(6);
  });

  it.each([
    ['was not there', replyError(404, 'execution context not found'), 'NOT_FOUND'],
    ['the API refused', replyError(400, 'invalid data'), 'INVALID_INPUT'],
    ['the API was too busy for', replyError(429, 'slow down'), 'RATE_LIMITED'],
    ['the API failed at', hangUp(), 'UPSTREAM_FAILED'],
  ])('is what %s, once however often it was tried', async (_, answer, code) => {
    await askField(gateway, queryOf(fields.read(id)), { token });
    gateway.upstream.on('PUT', () => true, answer);
    const result = await askField(gateway, mutationOf(fields.update(id)), { token });
    expect(result).toMatchObject({ code });
    expect(await updatesLeft()).toBe(9);
  });

  it('is a context once for each alias that reads it, though it is fetched once', async () => {
    await askFields(gateway, queryOf(...times(15, fields.read(id))), { token });
    expect(gateway.upstream.requests).toHaveLength(1);
    const { results } = await askFields(gateway, queryOf(...times(10, fields.read(id))), { token });
    expect(results.filter(({ code }) => code === 'RATE_LIMITED')).toHaveLength(5);
  });

  it('is the update alone, not the read that finds its owner', async () => {
    expect(await updatesLeft()).toBe(10);
    const { results } = await askFields(gateway, queryOf(...times(20, fields.read(id))), { token });
    expect(results.some(({ code }) => code === 'RATE_LIMITED')).toBe(false);
  });

  it('is each distinct reference of another subgraph, as one read', async () => {
    const references = Array.from({ length: 30 }, (_, index) => ({
      __typename: 'AiExecutionContext',
      id: `${id}_${index % 25}`,
    }));
    gateway.upstream.seed(...references.map((reference) => ({ id: reference.id, user_id: user })));
    const document = `query ($references: [_Any!]!) {
      _entities(representations: $references) { ... on AiExecutionContext { id } }
    }`;
    const answer = await gateway.ask(document, { references }, { token });
    const found = (answer.body as { data: { _entities: unknown[] } }).data._entities;
    expect(found.map((entity) => entity !== null)).toEqual(
      // The first twenty ids are admitted; the last five references repeat the first five ids.
      references.map((_, index) => index < 20 || index >= 25),
    );
    expect(await askField(gateway, queryOf(fields.read(id)), { token })).toMatchObject({
      code: 'RATE_LIMITED',
    });
  });
});
