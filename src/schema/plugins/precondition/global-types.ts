import type {
  FieldNullability,
  InputFieldMap,
  InputShapeFromFields,
  SchemaTypes,
  TypeParam,
} from '@pothos/core';

import type { PreconditionPlugin } from './index.ts';
import type { Precondition, PreconditionPluginOptions } from './types.ts';

declare global {
  // Pothos is extended through this namespace: it is how every plugin adds its options.
  // eslint-disable-next-line @typescript-eslint/no-namespace
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      precondition: PreconditionPlugin<Types>;
    }

    export interface SchemaBuilderOptions<Types extends SchemaTypes> {
      precondition?: PreconditionPluginOptions<Types['Context']>;
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
      /** Checked in order before the field's rate limit and its resolver. */
      preconditions?: readonly Precondition<InputShapeFromFields<Args>, Types['Context']>[];
    }
  }
}
