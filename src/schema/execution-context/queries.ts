import { checkId, checkList } from '../../execution-contexts/validation.ts';
import { builder } from '../builder.ts';
import { errorTypes } from '../errors.ts';
import { readLimit } from '../limits.ts';
import { signedIn } from '../signed-in.ts';
import { AiExecutionContext, ExecutionContextPageType } from './type.ts';

builder.queryFields((t) => ({
  executionContext: t.field({
    type: AiExecutionContext,
    description: 'One execution context.',
    args: { id: t.arg.id({ required: true, description: 'The id of the context.' }) },
    errors: {
      types: errorTypes,
      union: { name: 'ExecutionContextResult', description: 'The context, or why there is none.' },
    },
    preconditions: [signedIn, checkId],
    rateLimit: readLimit,
    resolve: (_root, { id }, { executionContexts }) => executionContexts.fetch(id),
  }),

  executionContexts: t.field({
    type: ExecutionContextPageType,
    description:
      "A page of the caller's execution contexts. It is a page of the API's with the contexts of others left out, so it may come back short; ask on while `hasMore`.",
    args: {
      page: t.arg.int({ required: true, defaultValue: 1, description: 'Counted from 1.' }),
      perPage: t.arg.int({
        required: true,
        defaultValue: 20,
        description: 'Contexts on a page of the API: 1 to 100.',
      }),
      agentId: t.arg.id({ description: 'Only runs of this agent.' }),
      workflowId: t.arg.id({ description: 'Only runs of this workflow.' }),
    },
    errors: {
      types: errorTypes,
      union: { name: 'ExecutionContextsResult', description: 'The page, or why there is none.' },
    },
    preconditions: [signedIn, checkList],
    rateLimit: readLimit,
    resolve: (_root, { page, perPage, agentId, workflowId }, { executionContexts }) =>
      executionContexts.list({
        page,
        perPage,
        agentId: agentId ?? null,
        workflowId: workflowId ?? null,
      }),
  }),
}));
