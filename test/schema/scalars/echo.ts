import { GraphQLID, GraphQLInt, GraphQLObjectType, GraphQLSchema, graphql } from 'graphql';
import type { GraphQLScalarType } from 'graphql';

import { parseJson, writeJson } from '../../../src/json/index.ts';

/** Answers a document, given variables in JSON text, against `echo(value: Scalar): Scalar`. */
export async function echo(
  scalar: GraphQLScalarType,
  document: string,
  variables = '{}',
): Promise<{ data: string; errors: readonly string[]; seen: unknown }> {
  let seen: unknown;
  const query = new GraphQLObjectType({
    name: 'Query',
    fields: {
      echo: {
        type: scalar,
        args: { value: { type: scalar } },
        resolve: (_, args: { value?: unknown }) => (seen = args.value),
      },
    },
  });
  const { data, errors = [] } = await graphql({
    schema: new GraphQLSchema({ query, types: [scalar, GraphQLID, GraphQLInt] }),
    source: document,
    variableValues: parseJson(variables) as Record<string, unknown>,
  });
  return {
    data: data === null || data === undefined ? 'null' : writeJson(data['echo']),
    errors: errors.map(({ message }) => message),
    seen,
  };
}
