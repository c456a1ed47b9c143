import type { ExecutionContext, ExecutionContextPage } from '../../upstream/wire.ts';
import { builder } from '../builder.ts';
import { resolveReference } from './reference.ts';

export const AiExecutionContext = builder
  .objectRef<ExecutionContext>('AiExecutionContext')
  .implement({
    description: "The JSON state and the session of an AI agent's run.",
    fields: (t) => ({
      id: t.exposeID('id', { description: 'Opaque: never parse it, never count with it.' }),
      agentId: t.exposeID('agentId', { nullable: true, description: 'The agent that runs.' }),
      workflowId: t.exposeID('workflowId', {
        nullable: true,
        description: 'The workflow that the run belongs to.',
      }),
      userId: t.exposeID('userId', {
        nullable: true,
        description: 'The owner. A context without one is for administrators.',
      }),
      sessionId: t.exposeID('sessionId', {
        nullable: true,
        description: 'The session that the agent works in.',
      }),
      context: t.field({
        type: 'JSON',
        nullable: true,
        description: 'The state of the run: any JSON value, returned exactly as it was stored.',
        resolve: ({ context }) => context,
      }),
      createdAt: t.expose('createdAt', {
        type: 'DateTime',
        nullable: true,
        description: 'When the run began.',
      }),
    }),
  });

builder.asEntity(AiExecutionContext, {
  key: builder.selection<{ id: string }>('id'),
  resolveReference,
});

export const ExecutionContextPageType = builder
  .objectRef<ExecutionContextPage>('ExecutionContextPage')
  .implement({
    description: 'A page of execution contexts.',
    fields: (t) => ({
      items: t.field({
        type: [AiExecutionContext],
        description:
          "The caller's own contexts on this page of the API's; administrators see all. The page may come back short, or empty, while there is more.",
        resolve: ({ items }) => [...items],
      }),
      hasMore: t.exposeBoolean('hasMore', {
        description:
          'Whether the API has a next page. It counts contexts of every user, so the next page may hold none of the caller’s own.',
      }),
    }),
  });

export const DeletedExecutionContext = builder
  .objectRef<{ id: string }>('DeletedExecutionContext')
  .implement({
    description: 'What is left of an execution context that was deleted.',
    fields: (t) => ({ id: t.exposeID('id', { description: 'The id it had.' }) }),
  });
