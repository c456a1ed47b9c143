import {
  commitMutation,
  fetchQuery,
  readInlineData,
  requestSubscription,
  type Environment,
  type GraphQLTaggedNode,
  type MutationParameters,
} from 'relay-runtime';

import type { relayDocumentsContextQuery } from '../recipes/__generated__/relayDocumentsContextQuery.graphql.ts';
import type { relayDocumentsDeleteMutation } from '../recipes/__generated__/relayDocumentsDeleteMutation.graphql.ts';
import type { relayDocumentsMergeMutation } from '../recipes/__generated__/relayDocumentsMergeMutation.graphql.ts';
import type { relayDocumentsWatchSubscription } from '../recipes/__generated__/relayDocumentsWatchSubscription.graphql.ts';
import type { relayDocuments_failure$key } from '../recipes/__generated__/relayDocuments_failure.graphql.ts';
import {
  contextQuery,
  deleteMutation,
  failure,
  mergeMutation,
  watchSubscription,
} from '../recipes/relay-documents.ts';
import { createEvents, type FrontEnd, type Member } from './page.ts';

function memberOf(value: { readonly failure?: relayDocuments_failure$key | null }): Member {
  const error = value.failure ? readInlineData(failure, value.failure) : {};
  return { ...value, ...error } as Member;
}

export function relayPage(environment: Environment): FrontEnd {
  function mutate<Mutation extends MutationParameters>(
    mutation: GraphQLTaggedNode,
    variables: Mutation['variables'],
  ): Promise<Mutation['response']> {
    return new Promise((resolve, reject) => {
      commitMutation<Mutation>(environment, {
        mutation,
        variables,
        onCompleted: resolve,
        onError: reject,
      });
    });
  }
  return {
    async read(id = 'ctx_1') {
      const data = await fetchQuery<relayDocumentsContextQuery>(environment, contextQuery, {
        id,
      }).toPromise();
      return memberOf(data?.executionContext ?? {});
    },
    async merge(patch, id = 'ctx_1') {
      const data = await mutate<relayDocumentsMergeMutation>(mergeMutation, { id, patch });
      return memberOf(data.mergeExecutionContext);
    },
    async delete() {
      const data = await mutate<relayDocumentsDeleteMutation>(deleteMutation, { id: 'ctx_1' });
      return memberOf(data.deleteExecutionContext);
    },
    watch(id = 'ctx_1') {
      const events = createEvents();
      const subscription = requestSubscription<relayDocumentsWatchSubscription>(environment, {
        subscription: watchSubscription,
        variables: { id },
        onNext: (data) => {
          if (data) events.push(memberOf(data.executionContextUpdated));
        },
        onError: events.error,
        onCompleted: events.complete,
      });
      events.onStop(() => {
        subscription.dispose();
      });
      return events;
    },
  };
}
