import { checkCreate, checkId, checkUpdate } from '../../execution-contexts/validation.ts';
import { builder } from '../builder.ts';
import { errorTypes } from '../errors.ts';
import { createLimit, updateLimit } from '../limits.ts';
import { signedIn } from '../signed-in.ts';
import { CreateExecutionContextInput, UpdateExecutionContextInput } from './inputs.ts';
import { AiExecutionContext, DeletedExecutionContext } from './type.ts';

builder.mutationFields((t) => ({
  updateExecutionContext: t.field({
    type: AiExecutionContext,
    description:
      'Replaces the state of a run, its session, or both, and returns what is stored now.',
    args: {
      id: t.arg.id({ required: true, description: 'The id of the context.' }),
      input: t.arg({ type: UpdateExecutionContextInput, required: true }),
    },
    errors: {
      types: errorTypes,
      union: {
        name: 'UpdateExecutionContextResult',
        description: 'The context after the update, or why there was none.',
      },
    },
    preconditions: [signedIn, checkUpdate],
    rateLimit: updateLimit,
    resolve: (_root, { id, input }, { executionContexts }) => executionContexts.update(id, input),
  }),

  createExecutionContext: t.field({
    type: AiExecutionContext,
    description: 'Creates an execution context that belongs to the caller.',
    args: { input: t.arg({ type: CreateExecutionContextInput, required: true }) },
    errors: {
      types: errorTypes,
      union: {
        name: 'CreateExecutionContextResult',
        description: 'The new context, or why there is none.',
      },
    },
    preconditions: [signedIn, checkCreate],
    rateLimit: createLimit,
    resolve: (_root, { input }, { executionContexts }) =>
      executionContexts.create({
        agentId: input.agentId,
        workflowId: input.workflowId ?? null,
        userId: input.userId ?? null,
        sessionId: input.sessionId ?? null,
        context: input.context ?? null,
      }),
  }),

  deleteExecutionContext: t.field({
    type: DeletedExecutionContext,
    description: 'Deletes an execution context for good.',
    args: { id: t.arg.id({ required: true, description: 'The id of the context.' }) },
    errors: {
      types: errorTypes,
      union: {
        name: 'DeleteExecutionContextResult',
        description: 'What was deleted, or why nothing was.',
      },
    },
    preconditions: [signedIn, checkId],
    rateLimit: updateLimit,
    resolve: async (_root, { id }, { executionContexts }) => {
      await executionContexts.delete(id);
      return { id };
    },
  }),
}));
