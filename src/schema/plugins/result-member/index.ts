import './global-types.ts';

import SchemaBuilder, {
  BasePlugin,
  type PothosUnionTypeConfig,
  type SchemaTypes,
} from '@pothos/core';
import type { GraphQLTypeResolver } from 'graphql';

export type { ResultMember, ResultMemberPluginOptions } from './types.ts';

const pluginName = 'resultMember';
export default pluginName;

/**
 * Tells which member of its result union each root field was answered with. It listens where
 * graphql-js asks for the type, so it knows also what the client did not select, and costs no field
 * anything.
 */
export class ResultMemberPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolveType(
    resolveType: GraphQLTypeResolver<unknown, Types['Context']>,
    typeConfig: { readonly kind: PothosUnionTypeConfig['kind'] | 'Interface' },
  ): GraphQLTypeResolver<unknown, Types['Context']> {
    const { resultMember } = this.builder.options;
    if (typeConfig.kind !== 'Union' || resultMember === undefined) return resolveType;
    const { onResult } = resultMember;
    return (value, context, info, type) => {
      const member = resolveType(value, context, info, type);
      const isRootField = info.path.prev === undefined;
      if (isRootField && typeof member === 'string') onResult(context, { member, value, info });
      return member;
    };
  }
}

SchemaBuilder.registerPlugin(pluginName, ResultMemberPlugin);
