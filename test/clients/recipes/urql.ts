import {
  cacheExchange,
  composeExchanges,
  Client,
  fetchExchange,
  makeErrorResult,
  makeOperation,
  mapExchange,
  subscriptionExchange,
  type Exchange,
  type Operation,
  type OperationResult,
} from '@urql/core';
import {
  filter,
  make,
  makeSubject,
  merge,
  mergeMap,
  pipe,
  share,
  subscribe,
  takeUntil,
} from 'wonka';

import { overWebSocket } from './live.ts';
import { runWithRecovery, type Session } from './recovery.ts';

/** For queries and mutations: goes between the cache and the exchanges that talk to the gateway. */
export function recoveryExchange(session: Session): Exchange {
  return ({ forward }) =>
    (operations$) => {
      const shared$ = share(operations$);
      const { source: attempts$, next: attempt } = makeSubject<Operation>();
      const others$ = filter((operation: Operation) => !isCall(operation))(shared$);
      const results$ = share(forward(merge([attempts$, others$])));
      const otherResults$ = filter(({ operation }: OperationResult) => !isCall(operation))(
        results$,
      );

      function recovered(operation: Operation) {
        return make<OperationResult>(({ next, complete }) =>
          runWithRecovery<OperationResult>(
            (sink, token) => {
              const subscription = pipe(
                results$,
                filter((result) => isSame(result.operation, operation)),
                subscribe((result) => {
                  sink.next(result);
                  if (!result.hasNext) sink.complete();
                }),
              );
              attempt(withToken(operation, token));
              return subscription.unsubscribe;
            },
            {
              next,
              complete,
              error(error) {
                next(makeErrorResult(operation, error as Error));
                complete();
              },
            },
            { session },
          ),
        );
      }

      const callResults$ = pipe(
        shared$,
        filter(isCall),
        mergeMap((operation) => {
          const isTeardown = ({ kind, key }: Operation) =>
            kind === 'teardown' && key === operation.key;
          return pipe(recovered(operation), takeUntil(filter(isTeardown)(shared$)));
        }),
      );
      return merge([callResults$, otherResults$]);
    };
}

function isCall({ kind }: Operation): boolean {
  return kind === 'query' || kind === 'mutation';
}

/** Two mutations of one text and one set of variables have one key. */
function isSame(one: Operation, other: Operation): boolean {
  return one.key === other.key && one.context._instance === other.context._instance;
}

function withToken(operation: Operation, token: string): Operation {
  const { fetchOptions } = operation.context;
  const options = typeof fetchOptions === 'function' ? fetchOptions() : fetchOptions;
  const headers = new Headers(options?.headers);
  headers.set('authorization', `Bearer ${token}`);
  const context = { ...operation.context, fetchOptions: { ...options, headers } };
  return makeOperation(operation.kind, operation, context);
}

/** What graphql-ws and graphql-sse have in common. */
type Live = Pick<ReturnType<typeof overWebSocket>, 'subscribe'>;

/** For subscriptions. */
export function liveExchange(live: Live, session: Session): Exchange {
  return subscriptionExchange({
    forwardSubscription: ({ query = '', ...request }) => ({
      subscribe: (sink) => ({
        unsubscribe: runWithRecovery(
          (attempt) => live.subscribe({ query, ...request }, attempt),
          sink,
          { session, isStream: true },
        ),
      }),
    }),
  });
}

/**
 * urql's own cache, which asks again for what has a type that a mutation answered with. Said to have
 * `AiExecutionContext` is all: also what was deleted, an empty page, or an error.
 */
export function createDocumentCache(): Exchange {
  const additionalTypenames = ['AiExecutionContext'];
  const tags = mapExchange({
    onOperation: (operation) =>
      makeOperation(operation.kind, operation, { ...operation.context, additionalTypenames }),
  });
  return composeExchanges([tags, cacheExchange]);
}

export interface UrqlOptions {
  /** @default urql's document cache */
  readonly cache?: Exchange;
  /** What subscriptions go by. @default graphql-ws */
  readonly live?: Live;
  /** Names documents by their hashes. @default none */
  readonly persisted?: Exchange;
}

/** @param url - Such as `http://127.0.0.1:4000/graphql`. */
export function createUrqlClient(
  url: string,
  session: Session,
  {
    cache = createDocumentCache(),
    live = overWebSocket(url, session),
    persisted,
  }: UrqlOptions = {},
): Client {
  return new Client({
    url,
    exchanges: [
      cache,
      recoveryExchange(session),
      ...(persisted === undefined ? [] : [persisted]),
      liveExchange(live, session),
      fetchExchange,
    ],
  });
}
