import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import type { GatewayConfigSupergraph } from '@graphql-hive/gateway-runtime';
import httpTransport from '@graphql-mesh/transport-http';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';

import { listenOnLoopback, type LoopbackServer } from './loopback-server.ts';

export interface HiveGatewayOptions {
  readonly supergraphSdl: string;
  /** @default 0, any free one */
  readonly port?: number;
  /** What the execution contexts subgraph wants in `x-router-secret`. @default none */
  readonly routerSecret?: string | undefined;
  /** What GraphiQL opens with. @default an empty tab */
  readonly graphiql?: GatewayConfigSupergraph['graphiql'];
  /** @default warnings and errors, to the console */
  readonly logging?: GatewayConfigSupergraph['logging'];
  /** @default never */
  readonly upstreamRetry?: GatewayConfigSupergraph['upstreamRetry'];
}

/** Serves a supergraph through Hive Gateway on loopback. */
export async function startHiveGateway(options: HiveGatewayOptions): Promise<LoopbackServer> {
  const { supergraphSdl, port, routerSecret, graphiql, logging = 'warn', upstreamRetry } = options;
  const gateway = createGatewayRuntime({
    supergraph: supergraphSdl,
    transports: { http: httpTransport },
    propagateHeaders: {
      // Who calls. Hive Gateway sends `x-request-id` by itself, and makes one where there is none.
      fromClientToSubgraphs({ request }) {
        const authorization = request.headers.get('authorization');
        return authorization === null ? {} : { authorization };
      },
    },
    ...(routerSecret !== undefined && {
      transportEntries: { 'execution-contexts': { headers: [['x-router-secret', routerSecret]] } },
    }),
    // Hive Gateway's own page loads GraphiQL from a CDN; this one has everything in it.
    renderGraphiQL,
    graphiql: graphiql ?? true,
    landingPage: false,
    logging,
    ...(upstreamRetry && { upstreamRetry }),
  });
  const server = await listenOnLoopback(gateway, port);
  return {
    url: server.url,
    async close() {
      await server.close();
      await gateway[Symbol.asyncDispose]();
    },
  };
}
