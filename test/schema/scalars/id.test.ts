import { printSubgraphSchema } from '@apollo/subgraph';
import SchemaBuilder from '@pothos/core';
import DirectivesPlugin from '@pothos/plugin-directives';
import FederationPlugin from '@pothos/plugin-federation';
import { GraphQLID, getIntrospectionQuery, printSchema, validateSchema } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import { describe, expect, it } from 'vitest';

import { UnsafeNumber, parseJson } from '../../../src/json/index.ts';
import { IdScalar, withIdScalar } from '../../../src/schema/scalars/index.ts';
import type { IdInput } from '../../../src/schema/scalars/index.ts';

function buildPlainSchema(): GraphQLSchema {
  const builder = new SchemaBuilder<{ Scalars: { ID: { Input: IdInput; Output: string } } }>({
    plugins: [DirectivesPlugin, FederationPlugin],
  });
  const show = (id: IdInput) => (id instanceof UnsafeNumber ? `unsafe ${id.digits}` : `id ${id}`);
  const Input = builder.inputType('Input', {
    fields: (t) => ({ id: t.id({ required: true }), ids: t.idList() }),
  });
  const Node = builder.objectRef<{ id: string }>('Node').implement({
    fields: (t) => ({ id: t.exposeID('id') }),
  });
  builder.asEntity(Node, {
    key: builder.selection<{ id: string }>('id'),
    resolveReference: ({ id }) => ({ id }),
  });
  builder.queryType({
    fields: (t) => ({
      node: t.field({ type: Node, resolve: () => ({ id: '1' }) }),
      one: t.string({
        args: { id: t.arg.id({ required: true, description: 'Which.' }) },
        resolve: (_, { id }) => show(id),
      }),
      many: t.stringList({
        args: { input: t.arg({ type: Input, required: true }), other: t.arg.id() },
        resolve: (_, { input }) => [input.id, ...(input.ids ?? [])].map(show),
      }),
    }),
  });
  return builder.toSubGraphSchema({ linkUrl: 'https://specs.apollo.dev/federation/v2.6' });
}

const plain = buildPlainSchema();
const schema = withIdScalar(plain);

/** Sends the body as written, its numbers read by `parse`. */
async function send(body: string, parse: (text: string) => unknown): Promise<unknown> {
  const yoga = createYoga({
    schema,
    logging: false,
    plugins: [
      {
        onRequestParse: ({ request, setRequestParser }) => {
          setRequestParser(async () => parse(await request.text()) as Record<string, never>);
        },
      },
    ],
  });
  const response = await yoga.fetch('http://localhost/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body,
  });
  return response.json();
}

describe.each([
  ['JSON.parse', JSON.parse as (text: string) => unknown],
  ['parseJson', parseJson],
])('an ID variable read by %s', (_, parse) => {
  const query =
    'query ($id: ID!) { one(id: $id) many(input: { id: $id, ids: [$id] }, other: $id) }';

  it.each([
    ['"9007199254740993"', 'id 9007199254740993'],
    ['9007199254740991', 'id 9007199254740991'],
    ['-9007199254740991', 'id -9007199254740991'],
    ['9007199254740992', 'unsafe 9007199254740992'],
    ['-9007199254740992', 'unsafe -9007199254740992'],
    ['5', 'id 5'],
    ['5.0', 'id 5'],
  ])('takes %s as %s', async (id, expected) => {
    expect(await send(`{"query":"${query}","variables":{"id":${id}}}`, parse)).toEqual({
      data: { one: expected, many: [expected, expected] },
    });
  });

  it.each(['9007199254740993', '18446744073709551616', '1e400', '12345678901234567.5'])(
    'takes %s as unsafe wherever it stands',
    async (id) => {
      const body = `{"query":"query ($input: Input!) { many(input: $input) }","variables":{"input":{"id":${id},"ids":["a",${id}]}}}`;
      expect(await send(body, parse)).toEqual({
        data: {
          many: [expect.stringMatching(/^unsafe /), 'id a', expect.stringMatching(/^unsafe /)],
        },
      });
    },
  );

  it.each(['0.5', '0.12345678901234567890', 'true', '{"a":1}', '[1,2]'])(
    'refuses %s as GraphQL does',
    async (id) => {
      expect(await send(`{"query":"${query}","variables":{"id":${id}}}`, parse)).toMatchObject({
        errors: [{ message: expect.stringContaining('ID cannot represent value') as unknown }],
      });
    },
  );
});

it('keeps the digits that reached it, for the message', async () => {
  const body = '{"query":"query ($id: ID!) { one(id: $id) }","variables":{"id":9007199254740993}}';
  expect(await send(body, parseJson)).toEqual({ data: { one: 'unsafe 9007199254740993' } });
});

it('takes an integer literal of any size with its digits', async () => {
  const query = '{ one(id: 9007199254740993) many(input: { id: 18446744073709551616 }) }';
  expect(await send(JSON.stringify({ query }), parseJson)).toEqual({
    data: { one: 'id 9007199254740993', many: ['id 18446744073709551616'] },
  });
  expect(await send('{"query":"{ one(id: 1.5) }"}', parseJson)).toMatchObject({
    errors: [{ message: expect.stringContaining('non-string and non-integer') as unknown }],
  });
});

it('takes default values of variables and null for an optional ID', async () => {
  const query =
    'query ($id: ID = 9007199254740993) { many(input: { id: "a", ids: [$id] }, other: null) }';
  expect(await send(JSON.stringify({ query }), parseJson)).toEqual({
    data: { many: ['id a', 'id 9007199254740993'] },
  });
});

describe('withIdScalar', () => {
  it('leaves the schema otherwise as it was', () => {
    expect(validateSchema(schema)).toEqual([]);
    expect(printSchema(schema)).toBe(printSchema(plain));
    expect(printSubgraphSchema(schema)).toBe(printSubgraphSchema(plain));
  });

  it('replaces every ID of this schema and of no other', () => {
    expect(schema.getType('ID')).toBe(IdScalar);
    expect(plain.getType('ID')).toBe(GraphQLID);
    expect(GraphQLID.parseValue(9007199254740992)).toBe('9007199254740992');
  });

  it('answers introspection', async () => {
    expect(await send(JSON.stringify({ query: getIntrospectionQuery() }), parseJson)).toMatchObject(
      { data: { __schema: {} } },
    );
  });

  it('resolves entities and prints the same SDL for composers', async () => {
    const query =
      '{ _service { sdl } _entities(representations: [{ __typename: "Node", id: "7" }]) { ... on Node { id } } }';
    expect(await send(JSON.stringify({ query }), parseJson)).toEqual({
      data: { _service: { sdl: printSubgraphSchema(plain) }, _entities: [{ id: '7' }] },
    });
  });
});
