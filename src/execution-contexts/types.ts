import type { Builder } from '../schema/builder.ts';
import { addErrorTypes } from '../schema/error-types.ts';
import { versionOf } from './version.ts';
import type { DeletedContext, ExecutionContext, ExecutionContextPage } from './model.ts';

/** The GraphQL types that the operations on execution contexts return. */
export type ExecutionContextTypes = ReturnType<typeof addTypes>;

/** Adds the types of execution contexts, and their errors, to the schema. */
export function addTypes(builder: Builder) {
  const errors = addErrorTypes(builder, {
    prefix: 'ExecutionContext',
    noun: 'execution context',
    idField: 'executionContextId',
  });

  const AiExecutionContext = builder.objectRef<ExecutionContext>('AiExecutionContext').implement({
    description: 'The JSON state and the session of one run of an AI agent.',
    fields: (t) => ({
      id: t.exposeID('id', {
        description: 'Identifies the context. Opaque: do not parse it or calculate with it.',
      }),
      agentId: t.exposeID('agentId', {
        nullable: true,
        description: 'The agent whose run this is.',
      }),
      workflowId: t.exposeID('workflowId', {
        nullable: true,
        description: 'The workflow that the run belongs to.',
      }),
      userId: t.id({
        nullable: true,
        description: 'The owner. Only administrators may access a context without an owner.',
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
        description: 'When the context was created.',
      }),
      version: t.string({
        description:
          'Opaque version of `context` and `sessionId`, for `ifVersion`. Two versions are equal exactly if both fields have the same meaning; the order of object members is not significant.',
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
          'The contexts on this page that the caller may access: their own, or all for an administrator. There may be fewer than `perPage`, or none, although `hasMore` is true.',
        resolve: ({ items }) => [...items],
      }),
      hasMore: t.exposeBoolean('hasMore', {
        description:
          "Whether there is a next page. Pages cover the contexts of all users, so the next page may contain none of the caller's.",
      }),
    }),
  });

  const Deleted = builder.objectRef<DeletedContext>('DeletedExecutionContext').implement({
    description: 'Confirms that an execution context was deleted.',
    fields: (t) => ({
      deletedId: t.exposeID('deletedId', {
        description:
          'The id of the deleted context. Not called `id`, because clients use `id` as the key of a cached object, and this object no longer exists.',
      }),
    }),
  });

  return { errors, AiExecutionContext, Page, Deleted };
}
