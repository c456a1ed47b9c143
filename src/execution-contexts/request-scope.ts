import DataLoader from 'dataloader';

import { requireUser, type Identity } from '../identity/identity.ts';
import type { UpstreamCall } from '../upstream/client.ts';
import type {
  ExecutionContextChanges,
  ListQuery,
  NewExecutionContext,
} from '../upstream/execution-contexts-api.ts';
import type { ExecutionContext, ExecutionContextPage } from '../upstream/wire.ts';
import type { Caller, ExecutionContexts } from './execution-contexts.ts';

/**
 * The execution contexts as one request sees them: bound to its caller, and each context read once
 * however often it is asked for. A write forgets what was read.
 */
export class RequestScope {
  readonly #contexts: ExecutionContexts;
  readonly #identity: Identity;
  readonly #call: UpstreamCall;
  /** Made by the first read: a request that writes needs none. */
  #loader: DataLoader<string, ExecutionContext> | undefined;

  constructor(contexts: ExecutionContexts, identity: Identity, call: UpstreamCall) {
    this.#contexts = contexts;
    this.#identity = identity;
    this.#call = call;
  }

  fetch(id: string): Promise<ExecutionContext> {
    // The API has no call for several ids, so a batch is as many calls; what the loader brings is
    // that equal ids share one, and that a failure stays with its id.
    this.#loader ??= new DataLoader((ids) => Promise.all(ids.map((id) => this.#fetch(id))));
    return this.#loader.load(id);
  }

  list(query: ListQuery): Promise<ExecutionContextPage> {
    return this.#contexts.list(query, this.#caller());
  }

  create(input: NewExecutionContext): Promise<ExecutionContext> {
    return this.#contexts.create(input, this.#caller());
  }

  async update(id: string, changes: ExecutionContextChanges): Promise<ExecutionContext> {
    try {
      return await this.#contexts.update(id, changes, this.#caller());
    } finally {
      this.#loader?.clear(id);
    }
  }

  async delete(id: string): Promise<void> {
    try {
      await this.#contexts.delete(id, this.#caller());
    } finally {
      this.#loader?.clear(id);
    }
  }

  async #fetch(id: string): Promise<ExecutionContext | Error> {
    try {
      return await this.#contexts.fetch(id, this.#caller());
    } catch (error) {
      return error as Error;
    }
  }

  /** Asked for at each call, so that nothing is done for a caller nobody knows. */
  #caller(): Caller {
    return { user: requireUser(this.#identity), call: this.#call };
  }
}
