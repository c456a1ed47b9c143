import DataLoader from 'dataloader';

import type { RequestContext } from '../engine/request-context.ts';
import { requireUser } from '../identity/identity.ts';
import { executionContexts, type ExecutionContext } from './model.ts';
import { isRefusal } from './ownership.ts';

type Loader = DataLoader<string, ExecutionContext>;

/** The key of a request's loader. */
const loaderKey = {};

/**
 * Reads a context that the caller may touch. Within one request each id is read once, however often
 * it is asked for; a request with one field has nothing to share.
 *
 * @throws TypedError (rejecting)
 */
export function readContext(id: string, request: RequestContext): Promise<ExecutionContext> {
  return request.isSharing ? loaderOf(request).load(id) : readAlone(id, request);
}

/** Lets the request read the context anew: it was written to. */
export function forgetRead(id: string, request: RequestContext): void {
  if (request.isSharing) loaderOf(request).clear(id);
}

function loaderOf(request: RequestContext): Loader {
  return request.local(
    loaderKey,
    () =>
      // The API has no call for several ids, so a batch is as many calls; what the loader brings is
      // that equal ids share one, and that a failure stays with its id.
      new DataLoader((ids) => Promise.all(ids.map((id) => readOrError(id, request)))),
  );
}

/** Whatever a store throws, at once or not, fails its own id and no other. */
async function readOrError(id: string, request: RequestContext): Promise<ExecutionContext | Error> {
  try {
    return await readAlone(id, request);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function readAlone(id: string, request: RequestContext): Promise<ExecutionContext> {
  const { store, ownership } = request.service(executionContexts);
  const user = requireUser(request.identity);
  return store.fetch(id, request, store.deadline()).then(
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
