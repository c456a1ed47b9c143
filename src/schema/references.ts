import {
  GraphQLError,
  assertUnionType,
  defaultFieldResolver,
  type GraphQLFieldResolver,
  type GraphQLSchema,
} from 'graphql';

import { settle, type Operation } from '../engine/operation.ts';
import type { RequestContext } from '../engine/request-context.ts';
import { TypedError } from '../errors.ts';

/** Resolves what another subgraph refers to by its `id`. */
export type ResolveReference<Value> = (
  reference: { readonly id?: unknown },
  request: RequestContext,
) => Promise<Value | null>;

/**
 * Resolves references by the operation that reads one by its id: each distinct id is one read, with
 * the same identity, validation, limit and ownership as the operation's field has.
 *
 * What that field would answer as an error is null here, since an error would be the whole
 * operation's, and the references beside it would be lost with it.
 */
export function referenceResolver<Value extends object>(
  read: Operation<{ id: string }, Value>,
): ResolveReference<Value> {
  const references = {};

  async function readOrNull(id: unknown, request: RequestContext): Promise<Value | null> {
    // A representation is an `_Any`: nothing has looked at the id yet, and an empty one is refused.
    const result = await settle(read, { id: typeof id === 'string' ? id : '' }, request);
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

/** An empty string, which is no type's name, where there is none. */
function typenameOf(representation: unknown): string {
  if (typeof representation !== 'object' || representation === null) return '';
  const { __typename: name } = representation as { readonly __typename?: unknown };
  return typeof name === 'string' ? name : '';
}
