import {
  getNullableType,
  isUnionType,
  type GraphQLFieldConfig,
  type GraphQLOutputType,
} from 'graphql';

import type { Operation } from './operation.ts';

/** How the engine tells the member of a result union: in the union's `extensions.resultUnion`. */
export interface ResultUnion {
  /** The name of the type that a success, an event or a `TypedError` is shown as. */
  memberOf(outcome: object): string;
}

/** The operation behind a root field: in the field's `extensions.operation`. */
export function operationOf({
  extensions,
}: Pick<GraphQLFieldConfig<unknown, unknown>, 'extensions'>): Operation | undefined {
  return extensions?.['operation'] as Operation | undefined;
}

/** @param type - Of a field. */
export function resultUnionOf(type: GraphQLOutputType): ResultUnion | undefined {
  const union = getNullableType(type);
  if (!isUnionType(union)) return undefined;
  return union.extensions['resultUnion'] as ResultUnion | undefined;
}
