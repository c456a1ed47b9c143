import { JsonText, jsonEquals, mergePatch } from '../json/index.ts';
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
import type { ExecutionContext, ExecutionContextChanges } from './model.ts';
import type { ExecutionContextTypes } from './types.ts';
import { defineWrite, Unwritten, versionIssues } from './writes.ts';

interface MergeArguments {
  readonly id: IdInput;
  readonly input: {
    readonly patch: JsonText;
    readonly sessionId?: Optional<IdInput>;
    readonly ifVersion?: Optional<string>;
  };
}

const mergeExecutionContext = defineWrite<MergeArguments, ExecutionContext>({
  field: 'Mutation.mergeExecutionContext',
  check({ id, input: { patch, sessionId, ifVersion } }) {
    refuse([
      ...idIssues(['id'], id),
      ...contextIssues(['input', 'patch'], patch),
      ...idIssues(['input', 'sessionId'], sessionId),
      ...versionIssues(['input', 'ifVersion'], ifVersion),
    ]);
  },
  write({ id: given, input }, request) {
    const id = checkedId(given);
    const sessionId = optionalId(input.sessionId);
    return {
      id,
      verb: 'merge',
      reads: 'state',
      ifVersion: input.ifVersion ?? null,
      send(store, deadline, stored, cancellation) {
        if (stored === null) throw new TypeError('A merge needs the stored context.');
        const changes = changesOf(stored, input.patch, sessionId);
        return changes === null
          ? Promise.resolve(new Unwritten(stored))
          : store.update(id, changes, request, deadline, cancellation);
      },
      written: (context) => context,
    };
  },
});

const emptyObject = new JsonText('{}');

/**
 * Returns what a merge has to write, without the fields that do not change; `null` where nothing
 * changes.
 */
function changesOf(
  { context, sessionId: storedSession }: ExecutionContext,
  patch: JsonText,
  sessionId: string | null,
): ExecutionContextChanges | null {
  // RFC 7396 would turn a state that is not an object into an empty object. An empty patch asks for
  // no change, so it must not replace the state.
  const merged = jsonEquals(patch, emptyObject) ? null : mergePatch(context, patch);
  const isSame = merged === null || (context !== null && jsonEquals(context, merged));
  const changedSession = sessionId === storedSession ? null : sessionId;
  if (isSame && changedSession === null) return null;
  return { context: isSame ? null : merged, sessionId: changedSession };
}

/** Adds `mergeExecutionContext` to the schema. */
export function addMerge(builder: Builder, { errors, AiExecutionContext }: ExecutionContextTypes) {
  const Result = addResultUnion(builder, errors, {
    name: 'MergeExecutionContextResult',
    description: 'The execution context after the merge, or an error.',
    success: AiExecutionContext,
  });
  const Input = builder.inputType('MergeExecutionContextInput', {
    description: 'The changes to make.',
    fields: (t) => ({
      patch: t.field({
        type: 'JSONObject',
        required: true,
        description:
          'A JSON Merge Patch (RFC 7396): each member replaces the stored member of the same name, objects are merged recursively, and null removes the member. All other members keep their exact value and position. If the stored state is not an object, the patch is merged into an empty object. An empty patch leaves the state as it is.',
      }),
      sessionId: t.id({
        description: 'The new session. A session can be replaced but not removed.',
      }),
      ifVersion: t.string({
        description:
          'Merges only if this is the stored `version`; otherwise the result is a conflict.',
      }),
    }),
  });
  builder.mutationField('mergeExecutionContext', (t) =>
    t.field({
      type: Result,
      args: {
        id: t.arg.id({ required: true, description: 'The id of the context.' }),
        input: t.arg({ type: Input, required: true }),
      },
      ...operationField(mergeExecutionContext, {
        description:
          'Merges a patch into the state of a run and returns the stored context. No other write through this gateway happens between reading the state and writing the result. This does not cover writes that other programs make directly at the API, a write that the API applies after its lock has expired, and a Redis failover that loses writes.',
      }),
    }),
  );
}
