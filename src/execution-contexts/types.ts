import type { Builder } from '../schema/builder.ts';
import { addErrorTypes } from '../schema/error-types.ts';
import { versionOf } from './version.ts';
import type { DeletedContext, ExecutionContext, ExecutionContextPage } from './model.ts';

/** The GraphQL types that the operations on execution contexts answer with. */
export type ExecutionContextTypes = ReturnType<typeof addTypes>;

export function addTypes(builder: Builder) {
  const errors = addErrorTypes(builder, {
    prefix: 'ExecutionContext',
    noun: 'execution context',
    idField: 'executionContextId',
  });

  const AiExecutionContext = builder.objectRef<ExecutionContext>('AiExecutionContext').implement({
    description: "The JSON state and the session of an AI agent's run.",
    fields: (t) => ({
      id: t.exposeID('id', { description: 'Opaque: never parse it, never count with it.' }),
      agentId: t.exposeID('agentId', { nullable: true, description: 'The agent that runs.' }),
      workflowId: t.exposeID('workflowId', {
        nullable: true,
        description: 'The workflow that the run belongs to.',
      }),
      userId: t.id({
        nullable: true,
        description: 'The owner. A context without one is for administrators.',
        resolve: ({ userId }) => userId ?? null,
      }),
      sessionId: t.exposeID('sessionId', {
        nullable: true,
        description: 'The session that the agent works in.',
      }),
      context: t.expose('context', {
        type: 'JSON',
        nullable: true,
        description: 'The state of the run: any JSON value, returned exactly as it was stored.',
      }),
      createdAt: t.expose('createdAt', {
        type: 'DateTime',
        nullable: true,
        description: 'When the run began.',
      }),
      version: t.string({
        description:
          'Opaque; equal exactly while `context` and `sessionId` mean the same, whoever wrote them.',
        resolve: versionOf,
      }),
    }),
  });

  const Page = builder.objectRef<ExecutionContextPage>('ExecutionContextPage').implement({
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

  const Deleted = builder.objectRef<DeletedContext>('DeletedExecutionContext').implement({
    description: 'What is left of an execution context that was deleted.',
    fields: (t) => ({
      deletedId: t.exposeID('deletedId', {
        description:
          'The id it had. Not called `id`, by which clients keep records: there is none any more.',
      }),
    }),
  });

  return { errors, AiExecutionContext, Page, Deleted };
}
