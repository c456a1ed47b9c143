import type { FieldNullability, InputFieldMap, SchemaTypes, TypeParam } from '@pothos/core';

import type { RateLimitPlugin } from './index.ts';
import type { FieldRateLimit, RateLimitPluginOptions } from './types.ts';

declare global {
  // Pothos is extended through this namespace: it is how every plugin adds its options.
  // eslint-disable-next-line @typescript-eslint/no-namespace
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      rateLimit: RateLimitPlugin<Types>;
    }

    export interface SchemaBuilderOptions<Types extends SchemaTypes> {
      rateLimit: RateLimitPluginOptions<Types>;
    }

    // An interface merges only with the same type parameters, used or not.
    /* eslint-disable @typescript-eslint/no-unused-vars */
    export interface FieldOptions<
      Types extends SchemaTypes = SchemaTypes,
      ParentShape = unknown,
      Type extends TypeParam<Types> = TypeParam<Types>,
      Nullable extends FieldNullability<Type> = FieldNullability<Type>,
      Args extends InputFieldMap = InputFieldMap,
      ResolveShape = unknown,
      ResolveReturnShape = unknown,
    > {
      /* eslint-enable @typescript-eslint/no-unused-vars */
      /** Limits each user's calls of this field, and says so in the SDL with `@rateLimit`. */
      rateLimit?: FieldRateLimit;
    }
  }
}
