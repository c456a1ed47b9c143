import './global-types.ts';

import SchemaBuilder, {
  BasePlugin,
  type PothosOutputFieldConfig,
  type SchemaTypes,
} from '@pothos/core';
import type { GraphQLFieldResolver } from 'graphql';

import type { Precondition } from './types.ts';

export type { Precondition } from './types.ts';

const pluginName = 'precondition';
export default pluginName;

/** Adds the `preconditions` option to fields. */
export class PreconditionPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(
    resolve: GraphQLFieldResolver<unknown, Types['Context'], object>,
    fieldConfig: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> {
    const preconditions = fieldConfig.pothosOptions.preconditions as
      readonly Precondition<object, Types['Context']>[] | undefined;
    if (preconditions === undefined) return resolve;

    return (parent, args, context, info) => {
      for (const check of preconditions) check(args, context);
      return resolve(parent, args, context, info);
    };
  }
}

SchemaBuilder.registerPlugin(pluginName, PreconditionPlugin);
