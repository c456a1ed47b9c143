import { contextQuery, deleteMutation, mergeMutation } from '../recipes/documents.ts';
import { createRequest } from '../recipes/graphql-request.ts';
import type { overWebSocket } from '../recipes/live.ts';
import type { Session } from '../recipes/recovery.ts';
import { watchContext } from '../recipes/watch.ts';
import { createEvents, type FrontEnd } from './page.ts';

/** graphql-request has no subscriptions: they go by graphql-ws or graphql-sse alone. */
export function graphqlRequestPage(
  url: string,
  session: Session,
  live: Pick<ReturnType<typeof overWebSocket>, 'subscribe'>,
): FrontEnd {
  const request = createRequest(url, session);
  return {
    async read(id = 'ctx_1') {
      return (await request(contextQuery, { id })).executionContext;
    },
    async merge(patch, id = 'ctx_1') {
      const variables = { id, patch: patch as Record<string, unknown> };
      return (await request(mergeMutation, variables)).mergeExecutionContext;
    },
    async delete() {
      return (await request(deleteMutation, { id: 'ctx_1' })).deleteExecutionContext;
    },
    watch(id = 'ctx_1') {
      const events = createEvents();
      const stop = watchContext(id, live, session, {
        next: ({ data }) => {
          events.push(data?.executionContextUpdated ?? {});
        },
        error: events.error,
        complete: events.complete,
      });
      events.onStop(stop);
      return events;
    },
  };
}
