import { defineOperation } from '../engine/operation.ts';
import { requireUser } from '../identity/identity.ts';
import type { Builder } from '../schema/builder.ts';
import { addResultUnion, operationField } from '../schema/result-field.ts';
import { idIssues, optionalId, refuse, type IdInput, type Optional } from './input.ts';
import { readLimit } from './limits.ts';
import { executionContexts, type ExecutionContextPage } from './model.ts';
import type { ExecutionContextTypes } from './types.ts';

interface ListArguments {
  readonly page: number;
  readonly perPage: number;
  readonly agentId?: Optional<IdInput>;
  readonly workflowId?: Optional<IdInput>;
}

const maxPerPage = 100;

const listExecutionContexts = defineOperation<ListArguments, ExecutionContextPage>({
  field: 'Query.executionContexts',
  limit: readLimit,
  check({ page, perPage, agentId, workflowId }) {
    refuse([
      ...(page < 1 ? [{ path: ['page'], message: 'must be at least 1' }] : []),
      ...(perPage < 1 || perPage > maxPerPage
        ? [{ path: ['perPage'], message: `must be from 1 to ${maxPerPage}` }]
        : []),
      ...idIssues(['agentId'], agentId),
      ...idIssues(['workflowId'], workflowId),
    ]);
  },
  async run({ page, perPage, agentId, workflowId }, request) {
    const { store, ownership } = request.service(executionContexts);
    const user = requireUser(request.identity);
    const query = {
      page,
      perPage,
      agentId: optionalId(agentId),
      workflowId: optionalId(workflowId),
    };
    const { items, hasMore } = await store.list(query, request, store.deadline());
    return { items: items.filter((item) => ownership.mayTouch(user, item)), hasMore };
  },
});

/** Adds `executionContexts` to the schema. */
export function addList(builder: Builder, { errors, Page }: ExecutionContextTypes) {
  const Result = addResultUnion(builder, errors, {
    name: 'ExecutionContextsResult',
    description: 'A page of execution contexts, or an error.',
    success: Page,
  });
  builder.queryField('executionContexts', (t) =>
    t.field({
      type: Result,
      args: {
        page: t.arg.int({
          required: true,
          defaultValue: 1,
          description: 'The number of the page, starting at 1.',
        }),
        perPage: t.arg.int({
          required: true,
          defaultValue: 20,
          description: 'The size of the page, from 1 to 100.',
        }),
        agentId: t.arg.id({ description: 'Returns only contexts of this agent.' }),
        workflowId: t.arg.id({ description: 'Returns only contexts of this workflow.' }),
      },
      ...operationField(listExecutionContexts, {
        description:
          'Returns a page of the execution contexts that the caller may access. Pages are cut before the contexts of other users are removed, so a page may contain fewer than `perPage` items, or none: request further pages while `hasMore` is true.',
      }),
    }),
  );
}
