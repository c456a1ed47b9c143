import SchemaBuilder from '@pothos/core';
import DirectivesPlugin from '@pothos/plugin-directives';
import ErrorsPlugin from '@pothos/plugin-errors';
import FederationPlugin from '@pothos/plugin-federation';

import type { GatewayContext } from '../context.ts';
import { RateLimitError, type ExecutionContextError } from '../errors.ts';
import PreconditionPlugin from './plugins/precondition/index.ts';
import RateLimitPlugin, { limitOf } from './plugins/rate-limit/index.ts';
import ResultMemberPlugin from './plugins/result-member/index.ts';
import { DateTimeScalar, JsonScalar } from './scalars/index.ts';

/**
 * The one builder of the schema.
 *
 * The order of the plugins is the order in which they wrap a resolver, the first outermost. Errors
 * must stay outside of whatever may refuse a call, or the refusal would miss the union and come out
 * as an unexpected error; preconditions come before the limit, so that bad input costs nothing.
 */
export const builder = new SchemaBuilder<{
  Context: GatewayContext;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    JSON: { Input: unknown; Output: unknown };
    DateTime: { Input: string; Output: string };
  };
}>({
  defaultFieldNullability: false,
  plugins: [
    ErrorsPlugin,
    DirectivesPlugin,
    PreconditionPlugin,
    RateLimitPlugin,
    ResultMemberPlugin,
    FederationPlugin,
  ],
  errors: { directResult: true },
  precondition: {
    // A refusal before the limit costs nothing; its response tells what is left all the same.
    async onRefusal(context, field) {
      const limit = limitOf(field);
      if (limit !== undefined) await context.peek(limit.group, limit.windows);
    },
  },
  rateLimit: {
    errorType: RateLimitError,
    charge: (context, group, windows) => context.charge(group, windows),
  },
  resultMember: {
    onResult(context, { member, value, info }) {
      context.noteResult({
        operation: info.operation.operation,
        field: info.fieldName,
        member,
        // The errors plugin wraps errors so that instanceof does not know them; successes have none.
        code: (value as Partial<ExecutionContextError>).code ?? null,
      });
    },
  },
});

builder.addScalarType('JSON', JsonScalar);
builder.addScalarType('DateTime', DateTimeScalar);

builder.queryType({ description: 'What can be read.' });
builder.mutationType({ description: 'What can be changed.' });
