import { isUnionType, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';

import { schema } from '../../src/gateway.ts';
import { printSchema } from '../../src/schema/subgraph.ts';
import { everyOperation } from './every-operation.ts';

const unions = Object.values(schema.getTypeMap()).filter(isUnionType);

// Relay and graphcache add `id` to every member by themselves; where two members differ in its type
// no query compiles, and where an error has the id of a context they are one record in the cache.
describe.each(unions.map((union) => [union.name, union] as const))('the union %s', (_, union) => {
  const members = union.getTypes();

  it('has one type for a name in all of its members', () => {
    const types = new Map<string, Set<string>>();
    for (const { name, type } of members.flatMap((member) => Object.values(member.getFields()))) {
      types.set(name, (types.get(name) ?? new Set()).add(String(type)));
    }
    expect([...types].filter(([, found]) => found.size > 1)).toEqual([]);
  });

  it('has an id in records alone', () => {
    const withId = members.filter((member) => 'id' in member.getFields());
    const records = members.filter(({ name }) => name === 'AiExecutionContext');
    expect(withId).toEqual(records);
  });
});

it.each(
  everyOperation(printSchema(schema)).map(({ type, field, body }) => [field, `${type}${body}`]),
)('every field of every member of %s can be selected together', (_, text) => {
  expect(validate(schema, parse(text))).toEqual([]);
});
