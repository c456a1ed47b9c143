import DataLoader from 'dataloader';

import type { RequestContext } from '../engine/request-context.ts';
import { requireUser } from '../identity/identity.ts';
import { executionContexts, type ExecutionContext } from './model.ts';
import { isRefusal } from './ownership.ts';

type Loader = DataLoader<string, ExecutionContext>;

/** The key of the loader in a request's local state. */
const loaderKey = {};

/**
 * Reads a context that the caller may access. Fields of one request that ask for the same id share one
 * read; a request with one field does without the loader.
 *
 * @throws {TypedError} (rejecting)
 */
export function readContext(id: string, request: RequestContext): Promise<ExecutionContext> {
  return request.isSharing ? loaderOf(request).load(id) : readFresh(id, request);
}

/** Makes the request read the context again. To be called after a write to it. */
export function forgetRead(id: string, request: RequestContext): void {
  if (request.isSharing) loaderOf(request).clear(id);
}

function loaderOf(request: RequestContext): Loader {
  return request.local(
    loaderKey,
    () =>
      // The API cannot read several ids in one call, so a batch makes one call for each. The loader
      // makes equal ids share a call, and confines a failure to its id.
      new DataLoader((ids) => Promise.all(ids.map((id) => readOrError(id, request)))),
  );
}

/** Resolves with the error instead of rejecting, so that other ids of the batch are not affected. */
async function readOrError(id: string, request: RequestContext): Promise<ExecutionContext | Error> {
  try {
    return await readFresh(id, request);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/**
 * Reads a context that the caller may access, whatever the request has read before. A refusal of the API
 * makes the gateway forget the caller's permission.
 *
 * @param deadline - On the clock of the store. @default that of a field that starts now
 * @throws {TypedError} (rejecting)
 */
export function readFresh(
  id: string,
  request: RequestContext,
  deadline?: number,
): Promise<ExecutionContext> {
  const { store, ownership } = request.service(executionContexts);
  const user = requireUser(request.identity);
  return store.fetch(id, request, deadline ?? store.deadline()).then(
    (context) => {
      ownership.check(user, context);
      return context;
    },
    (error: unknown) => {
      if (isRefusal(error)) ownership.forget(id, user);
      throw error;
    },
  );
}
