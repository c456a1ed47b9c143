import { printSubgraphSchema } from '@apollo/subgraph';
import { graphql, isUnionType, specifiedDirectives, type GraphQLSchema } from 'graphql';
import { describe, expect, it } from 'vitest';

import {
  rateLimitDirective,
  type FieldRateLimit,
} from '../../../src/schema/plugins/rate-limit/index.ts';
import { BadInput, createLimitedBuilder, type LimitedContext } from './limited-schema.ts';

const updateLimit = {
  group: 'update',
  limits: [
    { window: '60s', max: 50 },
    { window: '1s', max: 10 },
  ],
};

/** A schema whose only field, `Query.work`, has this limit. */
function schemaWith(rateLimit: FieldRateLimit, errors: { types?: [typeof BadInput] } | null = {}) {
  const { builder, Work } = createLimitedBuilder();
  builder.queryField('work', (t) =>
    t.field({
      type: Work,
      args: { good: t.arg.boolean({ defaultValue: true }) },
      ...(errors !== null && { errors }),
      preconditions: [
        (_args, { events }) => {
          events.push('identity');
        },
        ({ good }, { events }) => {
          events.push('validation');
          if (good !== true) throw new BadInput('Bad input.');
        },
      ],
      rateLimit,
      resolve: (_root, _args, { events }) => {
        events.push('work');
        return { done: true };
      },
    }),
  );
  return builder.toSchema({ directives: [...specifiedDirectives, rateLimitDirective] });
}

async function run(schema: GraphQLSchema, source: string, { refuse = false } = {}) {
  const contextValue: LimitedContext = { events: [], charges: [], refuse };
  const { data, errors } = await graphql({ schema, source, contextValue });
  expect(errors).toBeUndefined();
  return { data, ...contextValue };
}

describe('a field with a rate limit', () => {
  it('prints the directive once for each window, with the group', () => {
    const printed = printSubgraphSchema(schemaWith(updateLimit));
    expect(printed).toContain(
      '@rateLimit(window: "60s", max: 50, group: "update") @rateLimit(window: "1s", max: 10, group: "update")',
    );
  });

  it('can have directives of its own besides', () => {
    const { builder, Work } = createLimitedBuilder();
    builder.queryField('work', (t) =>
      t.field({
        type: Work,
        errors: {},
        rateLimit: updateLimit,
        extensions: { directives: [{ name: 'tag', args: { name: 'public' } }] },
        resolve: () => ({ done: true }),
      }),
    );
    const { extensions } = builder.toSchema().getQueryType()?.getFields()['work'] ?? {};
    expect(extensions).toMatchObject({
      directives: [
        { name: 'tag' },
        { name: 'rateLimit', args: { window: '60s' } },
        { name: 'rateLimit', args: { window: '1s' } },
      ],
    });
  });

  it.each([
    ['no other error', {}, ['Work', 'TooManyCalls']],
    ['others', { types: [BadInput] as [typeof BadInput] }, ['Work', 'BadInput', 'TooManyCalls']],
  ])('has the refusal in its union, besides %s', (_, errors, members) => {
    const union = schemaWith(updateLimit, errors).getType('QueryWorkResult');
    if (!isUnionType(union)) throw new Error('There is no such union.');
    expect(
      union
        .getTypes()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(members.sort());
  });

  it('charges its group with its windows, once for each alias', async () => {
    const { charges } = await run(
      schemaWith(updateLimit),
      '{ a: work { __typename } b: work { __typename } }',
    );
    const windows = [
      { name: 'minute', windowMs: 60_000, max: 50 },
      { name: 'burst', windowMs: 1000, max: 10 },
    ];
    expect(charges).toEqual([
      { group: 'update', windows },
      { group: 'update', windows },
    ]);
  });

  it('is a group of its own, named by its coordinate, unless it names one', async () => {
    const schema = schemaWith({ limits: updateLimit.limits });
    const { charges } = await run(schema, '{ work { __typename } }');
    expect(charges).toMatchObject([{ group: 'Query.work' }]);
    expect(printSubgraphSchema(schema)).toContain('group: "Query.work"');
  });
});

describe('the order of a field', () => {
  const schema = schemaWith(updateLimit, { types: [BadInput] });

  it('is identity, validation, limit, work', async () => {
    const { events, data } = await run(schema, '{ work { __typename } }');
    expect(events).toEqual(['identity', 'validation', 'limit', 'work']);
    expect(data).toEqual({ work: { __typename: 'Work' } });
  });

  it('ends before the limit where the input is bad', async () => {
    const { events, charges, data } = await run(schema, '{ work(good: false) { __typename } }');
    expect(events).toEqual(['identity', 'validation', 'refused before update']);
    expect(charges).toEqual([]);
    expect(data).toEqual({ work: { __typename: 'BadInput' } });
  });

  it('ends before the work where the limit refuses, with data', async () => {
    const { events, data } = await run(schema, '{ work { __typename } }', { refuse: true });
    expect(events).toEqual(['identity', 'validation', 'limit']);
    expect(data).toEqual({ work: { __typename: 'TooManyCalls' } });
  });
});

describe('the build fails, naming the field,', () => {
  it('where there is no union to refuse in', () => {
    expect(() => schemaWith(updateLimit, null)).toThrow(
      /Query\.work has a rate limit but no result union/,
    );
  });

  it.each([
    ['a window that is no duration', { window: 'soon', max: 1 }, /"soon" must be a duration/],
    ['a window without length', { window: '0s', max: 1 }, /"0s" must be a duration/],
    ['a window of more than a day', { window: '25h', max: 1 }, /"25h" must be a duration/],
    ['a max of nothing', { window: '1s', max: 0 }, /max 0 .* positive integer/],
    ['half a call', { window: '1s', max: 0.5 }, /max 0\.5 .* positive integer/],
  ])('for %s', (_, limit, message) => {
    const build = () => schemaWith({ limits: [limit] });
    expect(build).toThrow(/Query\.work/);
    expect(build).toThrow(message);
  });

  it.each([
    ['no window at all', [], /at least one rule/],
    [
      'two windows of one length',
      [
        { window: '60s', max: 1 },
        { window: '1m', max: 2 },
      ],
      /60000 ms/,
    ],
  ])('for %s', (_, limits, message) => {
    const build = () => schemaWith({ limits });
    expect(build).toThrow(/Query\.work/);
    expect(build).toThrow(message);
  });

  it.each([
    [
      'another max',
      [
        { window: '60s', max: 50 },
        { window: '1s', max: 11 },
      ],
    ],
    ['fewer windows', [{ window: '60s', max: 50 }]],
  ])('where a group is declared again with %s', (_, limits) => {
    const { builder, Work } = createLimitedBuilder();
    builder.queryFields((t) => ({
      first: t.field({
        type: Work,
        errors: {},
        rateLimit: updateLimit,
        resolve: () => ({ done: true }),
      }),
      second: t.field({
        type: Work,
        errors: {},
        rateLimit: { group: 'update', limits },
        resolve: () => ({ done: true }),
      }),
    }));
    expect(() => builder.toSchema()).toThrow(/Query\.second gives the rate limit group "update"/);
  });
});

describe('the directive', () => {
  it('is repeatable and stands on fields alone', () => {
    expect(rateLimitDirective).toMatchObject({
      isRepeatable: true,
      locations: ['FIELD_DEFINITION'],
    });
    expect(rateLimitDirective.args.map(({ name, type }) => `${name}: ${String(type)}`)).toEqual([
      'window: String!',
      'max: Int!',
      'group: String',
    ]);
  });
});
