import type { ApolloClient } from '@apollo/client';

import {
  contextQuery,
  deleteMutation,
  mergeMutation,
  watchSubscription,
} from '../recipes/documents.ts';
import { createEvents, type FrontEnd, type Member } from './page.ts';

export function apolloPage(client: ApolloClient): FrontEnd {
  return {
    async read(id = 'ctx_1') {
      const fetchPolicy = 'network-only';
      const { data } = await client.query({ query: contextQuery, variables: { id }, fetchPolicy });
      return data?.executionContext as Member;
    },
    async merge(patch, id = 'ctx_1') {
      const variables = { id, patch: patch as Record<string, unknown> };
      const { data } = await client.mutate({ mutation: mergeMutation, variables });
      return data?.mergeExecutionContext as Member;
    },
    async delete() {
      const { data } = await client.mutate({
        mutation: deleteMutation,
        variables: { id: 'ctx_1' },
      });
      return data?.deleteExecutionContext as Member;
    },
    watch(id = 'ctx_1') {
      const events = createEvents();
      const subscription = client
        .subscribe({ query: watchSubscription, variables: { id } })
        .subscribe({
          next({ data, error }) {
            if (error !== undefined) events.error(error);
            else events.push(data?.executionContextUpdated as Member);
          },
          error: events.error,
          complete: events.complete,
        });
      events.onStop(() => {
        subscription.unsubscribe();
      });
      return events;
    },
  };
}
