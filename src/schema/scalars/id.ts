import { GraphQLID, GraphQLScalarType, GraphQLSchema, lexicographicSortSchema } from 'graphql';

import { JsonText, UnsafeNumber } from '../../json/index.ts';

/** What an argument of type ID holds. Whoever uses it has to tell the two apart. */
export type IdInput = string | UnsafeNumber;

/**
 * GraphQL's ID, except that a JSON number beyond 2^53 - 1 becomes an {@link UnsafeNumber}, which
 * the operation answers as bad input, where GraphQL's own would make a string of rounded digits.
 * A literal keeps its digits whatever its size.
 */
export const IdScalar = new GraphQLScalarType<IdInput, string>({
  ...GraphQLID.toConfig(),
  parseValue(value) {
    const digits = value instanceof JsonText ? value.text : value;
    const number = value instanceof JsonText ? Number(value.text) : value;
    if (typeof number === 'number' && Math.abs(number) > Number.MAX_SAFE_INTEGER) {
      return new UnsafeNumber(String(digits));
    }
    return GraphQLID.parseValue(value);
  },
});

/**
 * A copy of the schema, sorted, in which {@link IdScalar} stands for GraphQL's ID. Pothos builds
 * every ID as graphql-js' own object, which other schemas in the process share.
 */
export function withIdScalar(schema: GraphQLSchema): GraphQLSchema {
  return lexicographicSortSchema(new IdSubstitution(schema.toConfig()));
}

/** Sorting rebuilds each type, and looks up what it refers to, by name, in this list of types. */
class IdSubstitution extends GraphQLSchema {
  override toConfig(): ReturnType<GraphQLSchema['toConfig']> {
    const config = super.toConfig();
    return {
      ...config,
      types: config.types.map((type) => (type.name === IdScalar.name ? IdScalar : type)),
    };
  }
}
