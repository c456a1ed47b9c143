import { GraphQLID, GraphQLScalarType, GraphQLSchema, lexicographicSortSchema } from 'graphql';

import { JsonText, UnsafeNumber } from '../../json/index.ts';

/** The value of an argument of type ID. */
export type IdInput = string | UnsafeNumber;

/**
 * GraphQL's ID, except that a JSON number beyond 2^53 - 1 becomes an {@link UnsafeNumber}, which the
 * operation rejects as invalid input. GraphQL's own ID would convert it to a string of rounded digits.
 * A literal keeps its digits, whatever its size.
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
 * Returns a sorted copy of the schema in which {@link IdScalar} replaces GraphQL's ID. Pothos uses the
 * ID object of graphql-js, which must not be modified because all schemas of the process share it.
 */
export function withIdScalar(schema: GraphQLSchema): GraphQLSchema {
  return lexicographicSortSchema(new IdSubstitution(schema.toConfig()));
}

/** `lexicographicSortSchema` rebuilds each type, and looks up the types that it uses by name in this list. */
class IdSubstitution extends GraphQLSchema {
  override toConfig(): ReturnType<GraphQLSchema['toConfig']> {
    const config = super.toConfig();
    return {
      ...config,
      types: config.types.map((type) => (type.name === IdScalar.name ? IdScalar : type)),
    };
  }
}
