import { ApolloLink, Observable } from '@apollo/client';
import { print } from 'graphql';

import { overEventStreams } from './live.ts';
import type { Session } from './recovery.ts';

/** The option `live` of `createApolloClient`. */
export function createEventStreamLink(url: string, session: Session): ApolloLink {
  const client = overEventStreams(url, session);
  return new ApolloLink(
    ({ query, operationName, variables, extensions }) =>
      new Observable((sink) =>
        client.subscribe({ query: print(query), operationName, variables, extensions }, sink),
      ),
  );
}
