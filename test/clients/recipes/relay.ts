import {
  Environment,
  Network,
  Observable,
  RecordSource,
  Store,
  type GraphQLSingularResponse,
  type RequestParameters,
  type Variables,
} from 'relay-runtime';

import { overWebSocket } from './live.ts';
import { once, runWithRecovery, type Run, type Session } from './recovery.ts';

/** What graphql-ws and graphql-sse have in common. */
type Live = Pick<ReturnType<typeof overWebSocket>, 'subscribe'>;

/** @param url - Such as `http://127.0.0.1:4000/graphql`. */
export function createRelayEnvironment(
  url: string,
  session: Session,
  live: Live = overWebSocket(url, session),
): Environment {
  async function post(
    body: object,
    token: string,
    signal: AbortSignal,
  ): Promise<GraphQLSingularResponse> {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      signal,
    });
    return (await response.json()) as GraphQLSingularResponse;
  }

  const network = Network.create(
    (request, variables) =>
      Observable.create((sink) => {
        const call = once((token, signal) => post(bodyOf(request, variables), token, signal));
        return runWithRecovery<GraphQLSingularResponse>(call, sink, { session });
      }),
    (request, variables) =>
      Observable.create((sink) => {
        const open: Run<GraphQLSingularResponse> = (attempt) =>
          live.subscribe(bodyOf(request, variables), attempt);
        return runWithRecovery<GraphQLSingularResponse>(open, sink, { session, isStream: true });
      }),
  );
  return new Environment({ network, store: new Store(new RecordSource()) });
}

/** With `persistConfig` the compiler leaves an id in the place of the text. */
function bodyOf({ id, text, name }: RequestParameters, variables: Variables) {
  return { ...(id ? { documentId: id } : {}), query: text ?? '', operationName: name, variables };
}
