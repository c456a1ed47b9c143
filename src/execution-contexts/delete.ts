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
      // The id may be somebody else's by now: it can be deleted and created anew.
      reads: 'owner',
      ifVersion: ifVersion ?? null,
      send: (store, deadline, _stored, cancellation) =>
        store.delete(id, request, deadline, cancellation).then(() => ({ deletedId: id })),
      written: () => null,
    };
  },
});

export function addDelete(builder: Builder, { errors, Deleted }: ExecutionContextTypes) {
  const Result = addResultUnion(builder, errors, {
    name: 'DeleteExecutionContextResult',
    description: 'What was deleted, or why nothing was.',
    success: Deleted,
  });
  builder.mutationField('deleteExecutionContext', (t) =>
    t.field({
      type: Result,
      args: {
        id: t.arg.id({ required: true, description: 'The id of the context.' }),
        ifVersion: t.arg.string({
          description:
            'Deletes only where this is the stored `version`; else the result is a conflict.',
        }),
      },
      ...operationField(deleteExecutionContext, {
        description:
          'Deletes an execution context for good, once the writes to it that came before through this gateway are done. Writers that go to the API past it are not seen, not even with `ifVersion`, between the comparison and the deletion.',
      }),
    }),
  );
}
