import SchemaBuilder from '@pothos/core';
import DirectivesPlugin from '@pothos/plugin-directives';
import FederationPlugin from '@pothos/plugin-federation';

import type { RequestContext } from '../engine/request-context.ts';
import type { JsonText } from '../json/index.ts';
import { DateTimeScalar, JsonObjectScalar, JsonScalar, type IdInput } from './scalars/index.ts';

/** The types that the builder works with. Fields are non-null unless declared nullable. */
export interface BuilderTypes {
  Context: RequestContext;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: IdInput; Output: string };
    JSON: { Input: JsonText; Output: JsonText };
    JSONObject: { Input: JsonText; Output: JsonText };
    DateTime: { Input: string; Output: string };
  };
}

/** {@link BuilderTypes} with the types that Pothos adds, for the types of its references. */
export type SchemaTypes = PothosSchemaTypes.ExtendDefaultTypes<BuilderTypes>;

/** The schema builder. */
export type Builder = ReturnType<typeof createBuilder>;

/**
 * Creates a builder with the scalars and the root types, to which each resource adds its own. The type
 * `Subscription` is not among them, because a type without fields is invalid and not every resource has
 * subscriptions: see {@link addSubscriptionType}.
 */
export function createBuilder() {
  const builder = new SchemaBuilder<BuilderTypes>({
    defaultFieldNullability: false,
    plugins: [DirectivesPlugin, FederationPlugin],
  });
  builder.addScalarType('JSON', JsonScalar);
  builder.addScalarType('JSONObject', JsonObjectScalar);
  builder.addScalarType('DateTime', DateTimeScalar);
  builder.queryType({ description: 'Operations that read.' });
  builder.mutationType({ description: 'Operations that write.' });
  return builder;
}

/** Adds the root type of subscriptions, unless another resource has added it before. */
export function addSubscriptionType(builder: Builder): void {
  if (builder.configStore.hasConfig('Subscription')) return;
  builder.subscriptionType({ description: 'Operations that stream changes.' });
}
