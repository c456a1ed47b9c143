import { randomUUID } from 'node:crypto';
import type { Plugin } from 'graphql-yoga';

const requestIds = new WeakMap<Request, string>();

/**
 * A request's id: its `x-request-id` where that is 1 to 128 visible ASCII characters, so that it
 * can stand in a log line and a header, else one made up.
 */
export function requestIdOf(request: Request): string {
  let id = requestIds.get(request);
  if (id === undefined) {
    id = acceptRequestId(request.headers.get('x-request-id'));
    requestIds.set(request, id);
  }
  return id;
}

export function acceptRequestId(given: string | null | undefined): string {
  return given && /^[\x21-\x7e]{1,128}$/.test(given) ? given : randomUUID();
}

/** Returns each request's id in `x-request-id`. */
export function useRequestId(): Plugin {
  return {
    onResponse({ request, response }) {
      response.headers.set('x-request-id', requestIdOf(request));
    },
  };
}
