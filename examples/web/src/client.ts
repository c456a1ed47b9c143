import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';
import { createClient } from 'graphql-ws';

import possibleTypes from './generated/possible-types.ts';
import { keepDigits } from './long-number.ts';
import type { Settings } from './settings.ts';

/** How often a silent connection is asked whether it is alive, and how long it may take to say so. */
const keepAliveMs = 10_000;
const pongMs = 5_000;

/**
 * Queries and mutations by HTTP, subscriptions by WebSocket. Outcomes of an operation, errors too,
 * are data; what the client reports as an error means that the gateway was not reached.
 */
export function createGatewayClient({ gatewayUrl, token }: Settings): ApolloClient {
  const authorization = `Bearer ${token}`;
  return new ApolloClient({
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(createSocket(gatewayUrl.replace(/^http/, 'ws'), authorization)),
      new HttpLink({ uri: gatewayUrl, headers: { authorization } }),
    ),
    // Contexts are kept once, by type and id: what a stream brings, every list shows too.
    cache: new InMemoryCache(possibleTypes),
  });
}

function createSocket(url: string, authorization: string) {
  let awaited: number | undefined;
  const socket = createClient({
    url,
    connectionParams: { authorization },
    jsonMessageReviver: keepDigits,
    // live-run.ts opens a stream again, however it was lost.
    retryAttempts: 0,
    keepAlive: keepAliveMs,
    on: {
      ping(received) {
        // A network that went away closes nothing.
        if (!received)
          awaited = window.setTimeout(() => {
            socket.terminate();
          }, pongMs);
      },
      pong(received) {
        if (received) window.clearTimeout(awaited);
      },
      closed() {
        window.clearTimeout(awaited);
      },
    },
  });
  return socket;
}
