import {
  GraphQLError,
  assertUnionType,
  defaultFieldResolver,
  type GraphQLFieldResolver,
  type GraphQLSchema,
} from 'graphql';

import type { GatewayContext } from '../context.ts';

interface EntitiesArguments {
  readonly representations: readonly unknown[];
}

/**
 * Refuses representations that are none of this subgraph's entities as the malformed request they
 * are. Apollo's resolver would throw whatever error comes of them, as if it were a bug of ours.
 *
 * @returns The schema that was given, changed.
 */
export function withCheckedReferences(schema: GraphQLSchema): GraphQLSchema {
  const field = schema.getQueryType()?.getFields()['_entities'];
  if (field === undefined) throw new TypeError('The schema has no field Query._entities.');
  const entities = assertUnionType(schema.getType('_Entity')).getTypes();
  const names = entities.map(({ name }) => name);
  const resolve = field.resolve ?? defaultFieldResolver;

  const checked: GraphQLFieldResolver<unknown, GatewayContext, EntitiesArguments> = (
    source,
    args,
    context,
    info,
  ) => {
    const index = args.representations.findIndex((given) => !names.includes(typenameOf(given)));
    if (index === -1) return resolve(source, args, context, info);
    throw new GraphQLError(
      `representations[${index}] must be an object whose __typename is ${names.join(' or ')}.`,
      { extensions: { code: 'BAD_REQUEST' } },
    );
  };
  field.resolve = checked as typeof resolve;
  return schema;
}

/** An empty string, which is no type's name, where there is none. */
function typenameOf(representation: unknown): string {
  if (typeof representation !== 'object' || representation === null) return '';
  const { __typename: name } = representation as { readonly __typename?: unknown };
  return typeof name === 'string' ? name : '';
}
