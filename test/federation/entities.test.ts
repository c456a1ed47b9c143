import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { dataOf } from '../support/ask.ts';
import { createClock } from '../support/clock.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const entities = /* GraphQL */ `
  query ($representations: [_Any!]!) {
    _entities(representations: $representations) {
      ... on AiExecutionContext {
        id
      }
    }
  }
`;

describe('the subgraph, asked as a router asks it', () => {
  const clock = createClock();
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ clock, env: { INTROSPECTION: 'false' } });
    for (let i = 0; i < 21; i += 1) gateway.upstream.seed({ id: `ctx_${i}`, user_id: 'alice' });
  });
  afterAll(() => gateway.close());
  beforeEach(() => {
    gateway.upstream.clear();
    clock.advance(60_000);
  });

  async function resolve(ids: readonly unknown[]): Promise<unknown> {
    const representations = ids.map((id) => ({ __typename: 'AiExecutionContext', id }));
    const token = await gateway.tokenOf('alice');
    const answer = await gateway.ask(entities, { representations }, { token });
    return (dataOf(answer) as { _entities: unknown })._entities;
  }

  it('answers schema.graphql as its SDL, with introspection off', async () => {
    const answer = await gateway.ask('{ _service { sdl } }');
    const sdl = readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8');
    expect(dataOf(answer)).toEqual({ _service: { sdl } });
  });

  it('counts equal references once, and fetches them once', async () => {
    const distinct = Array.from({ length: 20 }, (_, i) => `ctx_${i}`);
    const references = [...distinct, ...distinct, ...distinct];
    expect(await resolve(references)).toEqual(references.map((id) => ({ id })));
    expect(gateway.upstream.requests).toHaveLength(20);
    expect(await resolve(['ctx_20'])).toEqual([null]);
  });

  it('answers null for references that cannot be one, and the others all the same', async () => {
    const ids: unknown[] = ['', '..', null, { a: 1 }, { toString: 1 }, [[]], 1.5];
    expect(await resolve([...ids, 'ctx_1'])).toEqual([...ids.map(() => null), { id: 'ctx_1' }]);
    expect(gateway.upstream.requests).toHaveLength(1);
  });

  it.each([7, 'ctx_1', null, [], {}, { __typename: 1 }, { __typename: 'Query' }])(
    'refuses what is no reference at all: %j',
    async (representation) => {
      const representations = [{ __typename: 'AiExecutionContext', id: 'ctx_1' }, representation];
      const answer = await gateway.ask(entities, { representations });
      expect(answer.body).toMatchObject({ errors: [{ message: expect.any(String) as string }] });
      expect(JSON.stringify(answer.body)).not.toContain('Unexpected error.');
      expect(gateway.logs()).not.toContain('unexpected error');
      expect(gateway.upstream.requests).toEqual([]);
    },
  );

  it('tells which reference is none, and what it must be', async () => {
    const answer = await gateway.ask(entities, { representations: [{ id: 'ctx_1' }] });
    expect(answer.body).toMatchObject({
      errors: [
        {
          message: 'representations[0] must be an object whose __typename is AiExecutionContext.',
          extensions: { code: 'BAD_REQUEST' },
        },
      ],
    });
  });
});
