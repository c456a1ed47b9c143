import { printSubgraphSchema } from '@apollo/subgraph';
import type { GraphQLSchema } from 'graphql';

/** The subgraph SDL with its applied directives: what `_service { sdl }` answers, and a newline. */
export function printSchema(schema: GraphQLSchema): string {
  return `${printSubgraphSchema(schema)}\n`;
}
