import type { GraphQLFieldConfig, GraphQLUnionType } from 'graphql';

import type { TypedError } from '../errors.ts';
import type { Operation } from './operation.ts';

/** How the engine tells the member of a result union: in the union's `extensions.resultUnion`. */
export interface ResultUnion {
  /** The name of the success type. */
  readonly success: string;
  /** The name of the type that an error is shown as. */
  errorMember(error: TypedError): string;
  /** The name of the type that an event of a subscription is shown as. */
  eventMember(event: object): string;
}

/** The operation behind a root field: in the field's `extensions.operation`. */
export function operationOf({
  extensions,
}: Pick<GraphQLFieldConfig<unknown, unknown>, 'extensions'>): Operation | undefined {
  return extensions?.['operation'] as Operation | undefined;
}

export function resultUnionOf({ extensions }: GraphQLUnionType): ResultUnion | undefined {
  return extensions['resultUnion'] as ResultUnion | undefined;
}
