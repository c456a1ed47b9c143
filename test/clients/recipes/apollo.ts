import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, Observable } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';

import possibleTypes from './generated/possible-types.ts';
import { overWebSocket } from './live.ts';
import { runWithRecovery, type Session } from './recovery.ts';

/** Goes ahead of the links that talk to the gateway. */
export function createRecoveryLink(session: Session): ApolloLink {
  return new ApolloLink(
    (operation, forward) =>
      new Observable((sink) =>
        runWithRecovery(
          (attempt, token) => {
            const { headers } = operation.getContext() as { headers?: Record<string, string> };
            operation.setContext({ headers: { ...headers, authorization: `Bearer ${token}` } });
            const subscription = forward(operation).subscribe(attempt);
            return () => {
              subscription.unsubscribe();
            };
          },
          sink,
          { session, isStream: isSubscription(operation) },
        ),
      ),
  );
}

export function createCache(): InMemoryCache {
  return new InMemoryCache({
    ...possibleTypes,
    typePolicies: {
      DeletedExecutionContext: {
        fields: {
          // However a delete is heard of, by a mutation or a subscription, the context leaves the cache.
          deletedId: {
            merge(_, deletedId: string, { cache }) {
              cache.evict({
                id: cache.identify({ __typename: 'AiExecutionContext', id: deletedId }),
              });
              return deletedId;
            },
          },
        },
      },
    },
  });
}

export interface ApolloOptions {
  /** What subscriptions go by. @default graphql-ws */
  readonly live?: ApolloLink;
  /** Names documents by their hashes. @default none */
  readonly persisted?: ApolloLink;
}

/** @param url - Such as `http://127.0.0.1:4000/graphql`. */
export function createApolloClient(
  url: string,
  session: Session,
  { live = new GraphQLWsLink(overWebSocket(url, session)), persisted }: ApolloOptions = {},
): ApolloClient {
  const terminating = ApolloLink.split(isSubscription, live, new HttpLink({ uri: url }));
  return new ApolloClient({
    link: ApolloLink.from([
      createRecoveryLink(session),
      ...(persisted === undefined ? [] : [persisted]),
      terminating,
    ]),
    cache: createCache(),
  });
}

function isSubscription({ operationType }: ApolloLink.Operation): boolean {
  return operationType === OperationTypeNode.SUBSCRIPTION;
}
