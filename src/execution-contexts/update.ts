import type { JsonText } from '../json/index.ts';
import type { Builder } from '../schema/builder.ts';
import { addResultUnion, operationField } from '../schema/result-field.ts';
import {
  checkedId,
  contextIssues,
  idIssues,
  optionalId,
  refuse,
  type IdInput,
  type Optional,
} from './input.ts';
import type { ExecutionContext } from './model.ts';
import type { ExecutionContextTypes } from './types.ts';
import { defineWrite, versionIssues } from './writes.ts';

interface UpdateArguments {
  readonly id: IdInput;
  readonly input: {
    readonly context?: Optional<JsonText>;
    readonly sessionId?: Optional<IdInput>;
    readonly ifVersion?: Optional<string>;
  };
}

const updateExecutionContext = defineWrite<UpdateArguments, ExecutionContext>({
  field: 'Mutation.updateExecutionContext',
  check({ id, input: { context, sessionId, ifVersion } }) {
    refuse([
      ...idIssues(['id'], id),
      ...((context ?? null) === null && (sessionId ?? null) === null
        ? [
            {
              path: ['input'],
              message: 'must have a context or a sessionId: there is nothing to update',
            },
          ]
        : []),
      ...idIssues(['input', 'sessionId'], sessionId),
      ...contextIssues(['input', 'context'], context),
      ...versionIssues(['input', 'ifVersion'], ifVersion),
    ]);
  },
  write({ id: given, input }, request) {
    const id = checkedId(given);
    const changes = { context: input.context ?? null, sessionId: optionalId(input.sessionId) };
    return {
      id,
      verb: 'update',
      reads: 'nothing',
      ifVersion: input.ifVersion ?? null,
      send: (store, deadline, _stored, cancellation) =>
        store.update(id, changes, request, deadline, cancellation),
      written: (context) => context,
    };
  },
});

/** Adds `updateExecutionContext` to the schema. */
export function addUpdate(builder: Builder, { errors, AiExecutionContext }: ExecutionContextTypes) {
  const Result = addResultUnion(builder, errors, {
    name: 'UpdateExecutionContextResult',
    description: 'The execution context after the update, or an error.',
    success: AiExecutionContext,
  });
  const Input = builder.inputType('UpdateExecutionContextInput', {
    description:
      'The changes to make: `context`, `sessionId` or both. A field that is absent or null keeps the stored value.',
    fields: (t) => ({
      context: t.field({
        type: 'JSON',
        description:
          'The new state. It replaces the whole stored state; to change parts of it, use `mergeExecutionContext`.',
      }),
      sessionId: t.id({
        description: 'The new session. A session can be replaced but not removed.',
      }),
      ifVersion: t.string({
        description:
          'Writes only if this is the stored `version`; otherwise the result is a conflict.',
      }),
    }),
  });
  builder.mutationField('updateExecutionContext', (t) =>
    t.field({
      type: Result,
      args: {
        id: t.arg.id({ required: true, description: 'The id of the context.' }),
        input: t.arg({ type: Input, required: true }),
      },
      ...operationField(updateExecutionContext, {
        description:
          'Replaces the state of a run, its session, or both, and returns the stored context. Writes to one context through this gateway are executed one after the other. Writes that other programs make directly at the API are not covered: one that falls between the comparison of `ifVersion` and the update is not detected.',
      }),
    }),
  );
}
