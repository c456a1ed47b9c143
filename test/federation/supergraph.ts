import { composeSupergraph, fetchSubgraph } from '../../examples/supergraph/compose.ts';
import type { Conversation } from '../../examples/supergraph/conversations/conversation.ts';
import { startConversations } from '../../examples/supergraph/conversations/server.ts';
import { startHiveGateway } from '../../examples/supergraph/hive-gateway.ts';
import type { LoopbackServer } from '../../examples/supergraph/loopback-server.ts';
import { askGraphQL, dataOf, type AskOptions } from '../support/ask.ts';
import { createClock, type FrozenClock } from '../support/clock.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { startApolloGateway } from './apollo-gateway-server.ts';

export interface RouterOptions {
  readonly supergraphSdl: string;
  readonly routerSecret?: string | undefined;
}

export type StartRouter = (options: RouterOptions) => Promise<LoopbackServer>;

/** The gateways that serve a supergraph in these tests. */
export const routers: readonly (readonly [string, StartRouter])[] = [
  ['Hive Gateway', startHiveGateway],
  ['Apollo Gateway', startApolloGateway],
];

export interface Supergraph {
  /** The subgraph under test, with its upstream and issuer. */
  readonly contexts: TestGateway;
  /** Where the router listens. */
  readonly url: string;
  /** By which calls are counted and tokens expire. */
  readonly clock: FrozenClock;
  /** The data that the router answers a client with, there being no top-level errors. */
  dataOf(query: string, variables?: object, asker?: AskOptions): Promise<unknown>;
  /** The ids of the requests that reached the subgraph's log, oldest first. */
  loggedRequestIds(): readonly string[];
  close(): Promise<void>;
}

export interface SupergraphOptions {
  readonly startRouter: StartRouter;
  readonly conversations?: readonly Conversation[];
  readonly routerSecret?: string;
  /** Told the `x-request-id` of what reaches the other subgraph. */
  readonly onConversationsRequest?: (requestId: string | null) => void;
}

/** Both subgraphs and a router over them, all over real HTTP. */
export async function startSupergraph(options: SupergraphOptions): Promise<Supergraph> {
  const { startRouter, routerSecret, onConversationsRequest: onRequest } = options;
  const clock = createClock();
  const contexts = await startTestGateway({
    clock,
    ...(routerSecret !== undefined && { env: { ROUTER_SECRET: routerSecret } }),
  });
  const conversations = await startConversations({
    conversations: options.conversations ?? [],
    ...(onRequest && { onRequest }),
  });
  const secret = routerSecret === undefined ? {} : { 'x-router-secret': routerSecret };
  const supergraphSdl = composeSupergraph([
    await fetchSubgraph('execution-contexts', `${contexts.url}/graphql`, secret),
    await fetchSubgraph('conversations', `${conversations.url}/graphql`),
  ]);
  const router = await startRouter({ supergraphSdl, routerSecret });

  return {
    contexts,
    url: router.url,
    clock,
    dataOf: async (query, variables, asker) =>
      dataOf(await askGraphQL(router.url, query, variables, asker)),
    loggedRequestIds: () =>
      contexts
        .logs()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { msg?: string; requestId?: string; path?: string })
        .filter(({ msg, path }) => msg === 'request' && path === '/graphql')
        .map(({ requestId = '' }) => requestId),
    async close() {
      await router.close();
      await Promise.all([contexts.close(), conversations.close()]);
    },
  };
}
