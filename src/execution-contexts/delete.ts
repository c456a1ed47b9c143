import type { Builder } from '../schema/builder.ts';
import { addResultUnion, operationField } from '../schema/result-field.ts';
import { checkedId, idIssues, refuse, type IdInput, type Optional } from './input.ts';
import type { DeletedContext } from './model.ts';
import type { ExecutionContextTypes } from './types.ts';
import { defineWrite, versionIssues } from './writes.ts';

interface DeleteArguments {
  readonly id: IdInput;
  readonly ifVersion?: Optional<string>;
}

const deleteExecutionContext = defineWrite<DeleteArguments, DeletedContext>({
  field: 'Mutation.deleteExecutionContext',
  check({ id, ifVersion }) {
    refuse([...idIssues(['id'], id), ...versionIssues(['ifVersion'], ifVersion)]);
  },
  write({ id: given, ifVersion }, request) {
    const id = checkedId(given);
    return {
      id,
      verb: 'delete',
      // A remembered permission is not enough: the context may have been deleted since, and another
      // one of another owner created with the same id.
      reads: 'owner',
      ifVersion: ifVersion ?? null,
      send: (store, deadline, _stored, cancellation) =>
        store.delete(id, request, deadline, cancellation).then(() => ({ deletedId: id })),
      written: () => null,
    };
  },
});

/** Adds `deleteExecutionContext` to the schema. */
export function addDelete(builder: Builder, { errors, Deleted }: ExecutionContextTypes) {
  const Result = addResultUnion(builder, errors, {
    name: 'DeleteExecutionContextResult',
    description: 'The confirmation of the deletion, or an error.',
    success: Deleted,
  });
  builder.mutationField('deleteExecutionContext', (t) =>
    t.field({
      type: Result,
      args: {
        id: t.arg.id({ required: true, description: 'The id of the context.' }),
        ifVersion: t.arg.string({
          description:
            'Deletes only if this is the stored `version`; otherwise the result is a conflict.',
        }),
      },
      ...operationField(deleteExecutionContext, {
        description:
          'Deletes an execution context permanently, after earlier writes to it through this gateway have finished. Writes that other programs make directly at the API are not covered: one that falls between the comparison of `ifVersion` and the deletion is not detected.',
      }),
    }),
  );
}
