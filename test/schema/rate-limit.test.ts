import { printSubgraphSchema } from '@apollo/subgraph';
import { graphql, isUnionType, type GraphQLSchema } from 'graphql';
import { describe, expect, it } from 'vitest';

import type { OperationLimit } from '../../src/engine/operation.ts';
import { rateLimitDirective } from '../../src/schema/rate-limit-directive.ts';
import {
  Happenings,
  createLimitedSchema,
  createRequest,
  type Caller,
  type LimitedField,
} from './limited-schema.ts';

const updateLimit = {
  group: 'update',
  limits: [
    { window: '60s', max: 50 },
    { window: '1s', max: 10 },
  ],
};

/** A schema whose only field with a limit is `Query.work`. */
function schemaWith(limit: OperationLimit, field: Partial<LimitedField> = {}): GraphQLSchema {
  return createLimitedSchema([{ name: 'work', limit, ...field }]);
}

async function run(schema: GraphQLSchema, source: string, caller: Caller = {}) {
  const happenings = new Happenings();
  const contextValue = createRequest(happenings, caller);
  const { data, errors } = await graphql({ schema, source, contextValue });
  expect(errors).toBeUndefined();
  return { data, events: happenings.events, charges: happenings.charges };
}

describe('a field with a rate limit', () => {
  it('prints the directive once for each window, with the group', () => {
    const printed = printSubgraphSchema(schemaWith(updateLimit));
    expect(printed).toContain(
      '@rateLimit(window: "60s", max: 50, group: "update") @rateLimit(window: "1s", max: 10, group: "update")',
    );
  });

  it('can have directives of its own besides', () => {
    const schema = schemaWith(updateLimit, {
      directives: [{ name: 'federation__tag', args: { name: 'public' } }],
    });
    const { extensions } = schema.getQueryType()?.getFields()['work'] ?? {};
    expect(extensions).toMatchObject({
      directives: [
        { name: 'federation__tag', args: { name: 'public' } },
        { name: 'rateLimit', args: { window: '60s' } },
        { name: 'rateLimit', args: { window: '1s' } },
      ],
    });
  });

  it('has the refusal in its union, besides the success and the other errors', () => {
    const union = schemaWith(updateLimit).getType('WorkResult');
    if (!isUnionType(union)) throw new Error('There is no such union.');
    expect(union.getTypes().map(({ name }) => name)).toEqual([
      'Work',
      'WorkAuthenticationError',
      'WorkConflictError',
      'WorkForbiddenError',
      'WorkInputError',
      'WorkNotFoundError',
      'WorkRateLimitError',
      'WorkUpstreamError',
    ]);
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
  const schema = schemaWith(updateLimit);

  it('is identity, validation, limit, work', async () => {
    const { events, data } = await run(schema, '{ work { __typename } }');
    expect(events).toEqual(['identity', 'validation', 'limit', 'work']);
    expect(data).toEqual({ work: { __typename: 'Work' } });
  });

  it('ends before the input is looked at where nobody knows the caller', async () => {
    const source = '{ work(good: false) { __typename } }';
    const { events, data } = await run(schema, source, { isAnonymous: true });
    expect(events).toEqual(['identity']);
    expect(data).toEqual({ work: { __typename: 'WorkAuthenticationError' } });
  });

  it('ends before the limit where the input is bad', async () => {
    const { events, charges, data } = await run(schema, '{ work(good: false) { __typename } }');
    expect(events).toEqual(['identity', 'validation', 'refused before update']);
    expect(charges).toEqual([]);
    expect(data).toEqual({ work: { __typename: 'WorkInputError' } });
  });

  it('ends before the work where the limit refuses, with data', async () => {
    const { events, data } = await run(schema, '{ work { __typename } }', { refuse: true });
    expect(events).toEqual(['identity', 'validation', 'limit']);
    expect(data).toEqual({ work: { __typename: 'WorkRateLimitError' } });
  });
});

describe('the build fails, naming the field,', () => {
  it('where there is no union to refuse in', () => {
    expect(() => schemaWith(updateLimit, { hasUnion: false })).toThrow(
      /Query\.work has a rate limit but does not return a result union/,
    );
  });

  it('where it performs the operation of another field, whose group would be charged', () => {
    expect(() => schemaWith(updateLimit, { operation: 'other' })).toThrow(
      /Query\.work performs the operation that is defined for Query\.other/,
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
    const build = () =>
      createLimitedSchema([
        { name: 'first', limit: updateLimit },
        { name: 'second', limit: { group: 'update', limits } },
      ]);
    expect(build).toThrow(/Query\.second declares other limits for the rate limit group "update"/);
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
