import { defineOperation } from '../engine/operation.ts';
import type { Builder } from '../schema/builder.ts';
import { addResultUnion, operationField } from '../schema/result-field.ts';
import { checkId, checkedId, type IdInput } from './input.ts';
import { readLimit } from './limits.ts';
import type { ExecutionContext } from './model.ts';
import { readContext } from './reads.ts';
import type { ExecutionContextTypes } from './types.ts';

/** Reads one context by its id; entity references use it as well. */
export const fetchExecutionContext = defineOperation<{ readonly id: IdInput }, ExecutionContext>({
  field: 'Query.executionContext',
  limit: readLimit,
  check: checkId,
  run: ({ id }, request) => readContext(checkedId(id), request),
});

/** Adds `executionContext` to the schema. */
export function addFetch(builder: Builder, { errors, AiExecutionContext }: ExecutionContextTypes) {
  const Result = addResultUnion(builder, errors, {
    name: 'ExecutionContextResult',
    description: 'An execution context, or an error.',
    success: AiExecutionContext,
  });
  builder.queryField('executionContext', (t) =>
    t.field({
      type: Result,
      args: { id: t.arg.id({ required: true, description: 'The id of the context.' }) },
      ...operationField(fetchExecutionContext, {
        description: 'Returns one execution context.',
      }),
    }),
  );
}
