import { PothosSchemaError } from '@pothos/core';
import {
  DirectiveLocation,
  GraphQLDirective,
  GraphQLInt,
  GraphQLNonNull,
  GraphQLString,
  type GraphQLSchema,
} from 'graphql';

import { operationOf, resultUnionOf } from '../engine/result-union.ts';

/** Declares the limits of a field in the SDL, one application for each window. */
export const rateLimitDirective = new GraphQLDirective({
  name: 'rateLimit',
  description:
    'Allows each user at most `max` calls in any sliding `window` (such as "60s"). Fields of the same `group` share the count. If a field has several limits, all of them apply, and a refused call counts against none.',
  locations: [DirectiveLocation.FIELD_DEFINITION],
  isRepeatable: true,
  args: {
    window: { type: new GraphQLNonNull(GraphQLString) },
    max: { type: new GraphQLNonNull(GraphQLInt) },
    group: { type: GraphQLString },
  },
});

/**
 * Checks the limits of a whole schema: each limited field performs the operation that is defined for
 * it and returns a result union, which the refusal needs; and all fields of a group have the same
 * windows, because they share one count.
 *
 * @throws {PothosSchemaError} Naming the field.
 */
export function checkLimits(schema: GraphQLSchema): void {
  const groups = new Map<string, string>();
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  for (const root of roots) {
    for (const [name, field] of Object.entries(root?.getFields() ?? {})) {
      const operation = operationOf(field);
      if (operation === undefined) continue;
      const coordinate = `${root?.name ?? ''}.${name}`;
      if (operation.field !== coordinate) {
        throw new PothosSchemaError(
          `Field ${coordinate} performs the operation that is defined for ${operation.field}`,
        );
      }
      if (resultUnionOf(field.type) === undefined) {
        throw new PothosSchemaError(
          `Field ${coordinate} has a rate limit but does not return a result union`,
        );
      }
      const { group } = operation.limit;
      const declared = JSON.stringify(operation.rules);
      const before = groups.get(group) ?? declared;
      groups.set(group, before);
      if (before !== declared) {
        throw new PothosSchemaError(
          `Field ${coordinate} declares other limits for the rate limit group "${group}" than an earlier field`,
        );
      }
    }
  }
}
