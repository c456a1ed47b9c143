import { defineOperation, type Ahead } from '../engine/operation.ts';
import type { EventStream } from '../engine/latest-stream.ts';
import { requireUser } from '../identity/identity.ts';
import { addSubscriptionType, type Builder } from '../schema/builder.ts';
import { addResultUnion, subscriptionField } from '../schema/result-field.ts';
import { checkId, checkedId, type IdInput } from './input.ts';
import { readLimit } from './limits.ts';
import { liveContexts, type DeletedContext, type ExecutionContextEvent } from './model.ts';
import type { ExecutionContextTypes } from './types.ts';

const watchExecutionContext = defineOperation<
  { readonly id: IdInput },
  EventStream<ExecutionContextEvent>,
  Ahead
>({
  field: 'Subscription.executionContextUpdated',
  limit: readLimit,
  check(args, request) {
    checkId(args);
    request.service(liveContexts).admit(requireUser(request.identity));
  },
  // While the limiter of another process decides, other calls could be admitted to the same place.
  ahead: (_args, request) => request.service(liveContexts).reserve(requireUser(request.identity)),
  run: ({ id }, request, reserved) =>
    request.service(liveContexts).watch(checkedId(id), request, reserved),
});

/** Adds `executionContextUpdated` to the schema. */
export function addWatch(
  builder: Builder,
  { errors, AiExecutionContext, Deleted }: ExecutionContextTypes,
) {
  const Result = addResultUnion(builder, errors, {
    name: 'ExecutionContextUpdatedResult',
    description:
      'The current execution context, the confirmation that it was deleted, or the error that ended the stream.',
    success: AiExecutionContext,
    last: {
      type: Deleted,
      is: (event): event is DeletedContext => 'deletedId' in event,
    },
  });
  addSubscriptionType(builder);
  builder.subscriptionField('executionContextUpdated', (t) =>
    t.field({
      type: Result,
      args: { id: t.arg.id({ required: true, description: 'The id of the context.' }) },
      ...subscriptionField(watchExecutionContext, {
        description:
          'Streams an execution context: its current state first, then each state with a new `version`. Changes made through the gateway arrive at once, changes made directly at the API within seconds. A slow reader receives only the latest state. The stream completes after a deletion or an error; a client that reconnects receives the current state first. Subscribing counts as one call, events do not count.',
      }),
    }),
  );
}
