import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { GraphQLClient } from 'graphql-request';

import { once, runWithRecovery, type Session } from './recovery.ts';

/** A function that runs one operation. @param url - Such as `http://127.0.0.1:4000/graphql`. */
export function createRequest(url: string, session: Session) {
  const client = new GraphQLClient(url);
  return <Data, Variables extends object>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<Data> =>
    new Promise((resolve, reject) => {
      const stop = runWithRecovery<{ data: Data }>(
        once(async (token, stopped) => {
          const requestHeaders = { authorization: `Bearer ${token}` };
          const request = { document, variables, requestHeaders, signal: stopped };
          return { data: await client.request<Data>(request) };
        }),
        {
          next: ({ data }) => {
            resolve(data);
          },
          error: reject,
          complete: () => undefined,
        },
        { session },
      );
      signal.addEventListener('abort', () => {
        stop();
        reject(signal.reason as Error);
      });
    });
}
