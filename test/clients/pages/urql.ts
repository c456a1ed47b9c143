import type { Client } from '@urql/core';
import { onEnd, pipe, subscribe } from 'wonka';

import {
  contextQuery,
  deleteMutation,
  mergeMutation,
  watchSubscription,
} from '../recipes/documents.ts';
import { createEvents, type FrontEnd, type Member } from './page.ts';

export function urqlPage(client: Client): FrontEnd {
  return {
    async read(id = 'ctx_1') {
      const requestPolicy = 'network-only';
      const { data, error } = await client.query(contextQuery, { id }, { requestPolicy });
      if (error !== undefined) throw error;
      return data?.executionContext as Member;
    },
    async merge(patch, id = 'ctx_1') {
      const variables = { id, patch: patch as Record<string, unknown> };
      const { data, error } = await client.mutation(mergeMutation, variables);
      if (error !== undefined) throw error;
      return data?.mergeExecutionContext as Member;
    },
    async delete() {
      const { data, error } = await client.mutation(deleteMutation, { id: 'ctx_1' });
      if (error !== undefined) throw error;
      return data?.deleteExecutionContext as Member;
    },
    watch(id = 'ctx_1') {
      const events = createEvents();
      const { unsubscribe } = pipe(
        client.subscription(watchSubscription, { id }),
        onEnd(events.complete),
        subscribe(({ data, error, hasNext }) => {
          if (error !== undefined) events.error(error);
          // At the end urql says the last event once more, without a next.
          else if (data && hasNext) events.push(data.executionContextUpdated);
        }),
      );
      events.onStop(unsubscribe);
      return events;
    },
  };
}
