import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';

/** The headers of the client's request, as the server puts them into its GraphQL context. */
export interface RouterContext {
  readonly authorization?: string | null;
  readonly requestId?: string | null;
}

export interface ApolloGatewayOptions {
  readonly supergraphSdl: string;
  /** What the execution contexts subgraph wants in `x-router-secret`. @default none */
  readonly routerSecret?: string | undefined;
}

/** An Apollo Gateway that forwards who calls and the request's id; give it to Apollo Server. */
export function createApolloGateway({
  supergraphSdl,
  routerSecret,
}: ApolloGatewayOptions): ApolloGateway {
  return new ApolloGateway({
    supergraphSdl,
    buildService: ({ name, url = '' }) =>
      new RemoteGraphQLDataSource<RouterContext>({
        url,
        willSendRequest({ request, context }) {
          const { authorization, requestId } = context as RouterContext;
          if (authorization) request.http?.headers.set('authorization', authorization);
          if (requestId) request.http?.headers.set('x-request-id', requestId);
          if (name === 'execution-contexts' && routerSecret !== undefined) {
            request.http?.headers.set('x-router-secret', routerSecret);
          }
        },
      }),
  });
}
