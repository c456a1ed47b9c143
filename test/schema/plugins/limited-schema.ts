import SchemaBuilder from '@pothos/core';
import DirectivesPlugin from '@pothos/plugin-directives';
import ErrorsPlugin from '@pothos/plugin-errors';

import type { RateLimitWindow } from '../../../src/rate-limit/limit.ts';
import PreconditionPlugin from '../../../src/schema/plugins/precondition/index.ts';
import RateLimitPlugin, { limitOf } from '../../../src/schema/plugins/rate-limit/index.ts';

/** What `charge` throws for a refusal. */
export class TooManyCalls extends Error {}
/** What a precondition throws. */
export class BadInput extends Error {}

export interface Charge {
  readonly group: string;
  readonly windows: readonly RateLimitWindow[];
}

export interface LimitedContext {
  /** What happened, in order. */
  readonly events: string[];
  readonly charges: Charge[];
  /** Whether the limit refuses. */
  readonly refuse?: boolean;
}

/** A builder of the gateway's plugins in the gateway's order, with nothing built yet. */
export function createLimitedBuilder() {
  const builder = new SchemaBuilder<{
    Context: LimitedContext;
    DefaultFieldNullability: false;
  }>({
    defaultFieldNullability: false,
    plugins: [ErrorsPlugin, DirectivesPlugin, PreconditionPlugin, RateLimitPlugin],
    errors: { directResult: true },
    precondition: {
      async onRefusal({ events }, field) {
        events.push(`refused before ${limitOf(field)?.group ?? 'nothing'}`);
      },
    },
    rateLimit: {
      errorType: TooManyCalls,
      async charge(context, group, windows) {
        context.events.push('limit');
        context.charges.push({ group, windows });
        if (context.refuse === true) throw new TooManyCalls('Too many calls.');
      },
    },
  });
  builder.queryType({});
  for (const [type, name] of [
    [TooManyCalls, 'TooManyCalls'],
    [BadInput, 'BadInput'],
  ] as const) {
    builder.objectType(type, { name, fields: (t) => ({ message: t.exposeString('message', {}) }) });
  }
  const Work = builder.objectRef<{ done: boolean }>('Work').implement({
    fields: (t) => ({ done: t.exposeBoolean('done', {}) }),
  });
  return { builder, Work };
}
