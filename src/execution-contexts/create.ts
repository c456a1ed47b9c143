import { defineOperation } from '../engine/operation.ts';
import { requireUser } from '../identity/identity.ts';
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
import { createLimit } from './limits.ts';
import { executionContexts, type ExecutionContext } from './model.ts';
import type { ExecutionContextTypes } from './types.ts';

interface CreateArguments {
  readonly input: {
    readonly agentId: IdInput;
    readonly workflowId?: Optional<IdInput>;
    readonly userId?: Optional<IdInput>;
    readonly sessionId?: Optional<IdInput>;
    readonly context?: Optional<JsonText>;
  };
}

const createExecutionContext = defineOperation<CreateArguments, ExecutionContext>({
  field: 'Mutation.createExecutionContext',
  limit: createLimit,
  check({ input }) {
    refuse([
      ...idIssues(['input', 'agentId'], input.agentId),
      ...idIssues(['input', 'workflowId'], input.workflowId),
      ...idIssues(['input', 'userId'], input.userId),
      ...idIssues(['input', 'sessionId'], input.sessionId),
      ...contextIssues(['input', 'context'], input.context),
    ]);
  },
  async run({ input }, request) {
    const { store, ownership } = request.service(executionContexts);
    const user = requireUser(request.identity);
    const created = await store.create(
      {
        agentId: checkedId(input.agentId),
        workflowId: optionalId(input.workflowId),
        userId: ownership.ownerOfNew(user, optionalId(input.userId)),
        sessionId: optionalId(input.sessionId),
        context: input.context ?? null,
      },
      request,
      store.deadline(),
    );
    ownership.checkWritten(user, created, 'create');
    return created;
  },
});

/** Adds `createExecutionContext` to the schema. */
export function addCreate(builder: Builder, { errors, AiExecutionContext }: ExecutionContextTypes) {
  const Result = addResultUnion(builder, errors, {
    name: 'CreateExecutionContextResult',
    description: 'The created execution context, or an error.',
    success: AiExecutionContext,
  });
  const Input = builder.inputType('CreateExecutionContextInput', {
    description: 'The execution context to create.',
    fields: (t) => ({
      agentId: t.id({ required: true, description: 'The agent whose run this is.' }),
      workflowId: t.id({ description: 'The workflow that the run belongs to.' }),
      userId: t.id({
        description: 'The owner, by default the caller. Only administrators may name another user.',
      }),
      sessionId: t.id({ description: 'The session that the agent works in.' }),
      context: t.field({ type: 'JSON', description: 'The initial state: any JSON value.' }),
    }),
  });
  builder.mutationField('createExecutionContext', (t) =>
    t.field({
      type: Result,
      args: { input: t.arg({ type: Input, required: true }) },
      ...operationField(createExecutionContext, {
        description: 'Creates an execution context and returns it.',
      }),
    }),
  );
}
