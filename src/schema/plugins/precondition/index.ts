import './global-types.ts';

import SchemaBuilder, {
  BasePlugin,
  type PothosOutputFieldConfig,
  type SchemaTypes,
} from '@pothos/core';
import type { GraphQLFieldResolver } from 'graphql';

import type { Precondition } from './types.ts';

export type { Precondition, PreconditionPluginOptions, RefusedField } from './types.ts';

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

    const { precondition } = this.builder.options;
    async function refuse(error: Error, context: Types['Context']): Promise<never> {
      await precondition?.onRefusal(context, fieldConfig);
      throw error;
    }

    return (parent, args, context, info) => {
      try {
        for (const check of preconditions) check(args, context);
      } catch (error) {
        return refuse(error as Error, context);
      }
      return resolve(parent, args, context, info);
    };
  }
}

SchemaBuilder.registerPlugin(pluginName, PreconditionPlugin);
