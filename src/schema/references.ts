import {
  GraphQLError,
  assertUnionType,
  defaultFieldResolver,
  type GraphQLFieldResolver,
  type GraphQLSchema,
} from 'graphql';

import { outcomeOf, type Operation } from '../engine/operation.ts';
import type { RequestContext } from '../engine/request-context.ts';
import { TypedError } from '../errors.ts';

/** Resolves an entity that another subgraph references by its `id`. */
export type ResolveReference<Value> = (
  reference: { readonly id?: unknown },
  request: RequestContext,
) => Promise<Value | null>;

/**
 * Resolves references through the operation that reads an entity by its id. Each distinct id is one
 * read, with the same authentication, validation, limit and ownership check as the operation's field.
 *
 * Where that field would return an error, the reference is null: an error here would fail the whole
 * operation, and with it all other references.
 */
export function referenceResolver<Value extends object>(
  read: Operation<{ id: string }, Value>,
): ResolveReference<Value> {
  const references = {};

  async function readOrNull(id: unknown, request: RequestContext): Promise<Value | null> {
    // A representation is an `_Any`, so its id may be of any type. An empty id is refused as invalid.
    const result = await outcomeOf(read, { id: typeof id === 'string' ? id : '' }, request);
    if (!(result instanceof TypedError)) return result;
    request.referenceMissed(result.code);
    return null;
  }

  return ({ id: given }, request) => {
    const id = Number.isSafeInteger(given) ? String(given) : given;
    const known = request.local(references, () => new Map<unknown, Promise<Value | null>>());
    let reference = known.get(id);
    if (reference === undefined) {
      reference = readOrNull(id, request);
      known.set(id, reference);
    }
    return reference;
  };
}

interface EntitiesArguments {
  readonly representations: readonly unknown[];
}

/**
 * Rejects representations of types that are not entities of this subgraph as a bad request. Apollo's
 * resolver would throw an untyped error, which looks like a bug of the gateway.
 *
 * @returns The given schema, modified.
 */
export function withCheckedReferences(schema: GraphQLSchema): GraphQLSchema {
  const field = schema.getQueryType()?.getFields()['_entities'];
  if (field === undefined) throw new TypeError('The schema has no field Query._entities.');
  const entities = assertUnionType(schema.getType('_Entity')).getTypes();
  const names = entities.map(({ name }) => name);
  const resolve = field.resolve ?? defaultFieldResolver;

  const checked: GraphQLFieldResolver<unknown, RequestContext, EntitiesArguments> = (
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

/** Returns the `__typename` of a representation; an empty string where there is none. */
function typenameOf(representation: unknown): string {
  if (typeof representation !== 'object' || representation === null) return '';
  const { __typename: name } = representation as { readonly __typename?: unknown };
  return typeof name === 'string' ? name : '';
}
