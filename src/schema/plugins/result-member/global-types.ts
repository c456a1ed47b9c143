import type { SchemaTypes } from '@pothos/core';

import type { ResultMemberPlugin } from './index.ts';
import type { ResultMemberPluginOptions } from './types.ts';

declare global {
  // Pothos is extended through this namespace: it is how every plugin adds its options.
  // eslint-disable-next-line @typescript-eslint/no-namespace
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      resultMember: ResultMemberPlugin<Types>;
    }

    export interface SchemaBuilderOptions<Types extends SchemaTypes> {
      resultMember?: ResultMemberPluginOptions<Types['Context']>;
    }
  }
}
