import {
  getNullableType,
  isUnionType,
  type GraphQLFieldConfig,
  type GraphQLOutputType,
} from 'graphql';

import type { Operation } from './operation.ts';

/** Finds the member of a result union; stands in the union's `extensions.resultUnion`. */
export interface ResultUnion {
  /** Returns the name of the type that a success, an event or a `TypedError` is shown as. */
  memberOf(outcome: object): string;
}

/** Returns the operation of a root field, from its `extensions.operation`. */
export function operationOf({
  extensions,
}: Pick<GraphQLFieldConfig<unknown, unknown>, 'extensions'>): Operation | undefined {
  const operation = extensions?.['operation'];
  return isOperation(operation) ? operation : undefined;
}

/** Returns the result union of a field of type `type`; undefined where it has another type. */
export function resultUnionOf(type: GraphQLOutputType): ResultUnion | undefined {
  const union = getNullableType(type);
  if (!isUnionType(union)) return undefined;
  const { resultUnion } = union.extensions;
  return isResultUnion(resultUnion) ? resultUnion : undefined;
}

// Other tools may keep something else under the same names.

function isOperation(value: unknown): value is Operation {
  return typeof value === 'object' && value !== null && 'perform' in value && 'rules' in value;
}

function isResultUnion(value: unknown): value is ResultUnion {
  return typeof value === 'object' && value !== null && 'memberOf' in value;
}
