import { execute, parse, specifiedDirectives, validate } from 'graphql';
import { describe, expect, it } from 'vitest';

import { schema } from '../../src/gateway.ts';

describe('the directives of the schema', () => {
  it('are those that GraphQL specifies, and its own', () => {
    const names = schema.getDirectives().map(({ name }) => name);
    const specified = specifiedDirectives.map(({ name }) => name);
    expect(names.toSorted()).toEqual([...specified, 'rateLimit'].toSorted());
  });

  it('let a client leave fields out by variables', () => {
    const document = parse(
      'query ($no: Boolean!) { a: __typename @include(if: $no) b: __typename @skip(if: $no) }',
    );
    expect(validate(schema, document)).toEqual([]);
    expect(execute({ schema, document, variableValues: { no: false } })).toEqual({
      data: { b: 'Query' },
    });
  });
});
