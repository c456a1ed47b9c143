import type { User } from '../identity/user.ts';
import type { UpstreamCall } from '../upstream/client.ts';
import type {
  ExecutionContextChanges,
  ExecutionContextsApi,
  ListQuery,
  NewExecutionContext,
} from '../upstream/execution-contexts-api.ts';
import type { ExecutionContext, ExecutionContextPage } from '../upstream/wire.ts';
import type { Ownership } from './ownership.ts';

/** On whose behalf an operation runs. */
export interface Caller {
  readonly user: User;
  readonly call: UpstreamCall;
}

/**
 * What can be done with execution contexts, by whom it may be done. Input has been validated
 * before; every method throws an {@link ExecutionContextError} or answers.
 */
export interface ExecutionContexts {
  fetch(id: string, caller: Caller): Promise<ExecutionContext>;
  /** A page of the API's, less what is not the caller's: it may come back short. */
  list(query: ListQuery, caller: Caller): Promise<ExecutionContextPage>;
  /** Creates a context that belongs to the caller, or to `userId` where an administrator asks. */
  create(input: NewExecutionContext, caller: Caller): Promise<ExecutionContext>;
  update(id: string, changes: ExecutionContextChanges, caller: Caller): Promise<ExecutionContext>;
  delete(id: string, caller: Caller): Promise<void>;
}

export interface ExecutionContextsOptions {
  readonly api: ExecutionContextsApi;
  readonly ownership: Ownership;
}

export function createExecutionContexts({
  api,
  ownership,
}: ExecutionContextsOptions): ExecutionContexts {
  async function fetch(id: string, { user, call }: Caller): Promise<ExecutionContext> {
    ownership.isKnownToAllow(user, id);
    const context = await api.fetch(id, call);
    ownership.check(user, context);
    return context;
  }

  /** Makes sure that the caller may write; all calls of the field share the one deadline. */
  async function allowWrite(id: string, { user, call }: Caller): Promise<UpstreamCall> {
    const timed = { ...call, deadline: api.deadline() };
    if (!ownership.isKnownToAllow(user, id)) ownership.check(user, await api.fetch(id, timed));
    return timed;
  }

  return {
    fetch,

    async list(query, { user, call }) {
      const { items, hasMore } = await api.list(query, call);
      return { items: items.filter((item) => ownership.mayTouch(user, item)), hasMore };
    },

    async create(input, { user, call }) {
      return api.create({ ...input, userId: ownership.ownerOfNew(user, input.userId) }, call);
    },

    async update(id, changes, caller) {
      return api.update(id, changes, await allowWrite(id, caller));
    },

    async delete(id, caller) {
      await api.delete(id, await allowWrite(id, caller));
      ownership.forget(id);
    },
  };
}
