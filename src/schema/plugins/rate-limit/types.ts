import type { SchemaTypes } from '@pothos/core';

import type { RateLimitRule, RateLimitWindow } from '../../../rate-limit/limit.ts';

/** What a field says of its limits. */
export interface FieldRateLimit {
  /** Fields of a group share one count a user. @default the field's own coordinate */
  readonly group?: string | undefined;
  /** All of them hold at once. */
  readonly limits: readonly RateLimitRule[];
}

export interface RateLimitPluginOptions<Types extends SchemaTypes> {
  /** The class that `charge` throws for a refusal; it is added to the field's result union. */
  readonly errorType: new (...args: never[]) => Error;
  /** Charges one call of the context's caller to `group`, or throws. */
  readonly charge: (
    context: Types['Context'],
    group: string,
    windows: readonly RateLimitWindow[],
  ) => Promise<void>;
}
