import { createClient as createEventStreamClient } from 'graphql-sse';
import { createClient as createWebSocketClient } from 'graphql-ws';

import type { Session } from './recovery.ts';

// Neither client opens anything again by itself: `runWithRecovery` does, for whatever reason a stream ends.
const retryAttempts = 0;

/** All subscriptions over one connection: what pages usually want. */
export function overWebSocket(url: string, session: Session) {
  const client = createWebSocketClient({
    url: url.replace(/^http/, 'ws'),
    connectionParams: async () => ({ authorization: `Bearer ${await session.token()}` }),
    retryAttempts,
  });
  // The token is that of the connection: a new one takes a new connection.
  session.onDrop(() => {
    client.terminate();
  });
  return client;
}

/** A request for each subscription, where WebSocket does not get through. */
export function overEventStreams(url: string, session: Session) {
  return createEventStreamClient({
    url,
    headers: async () => ({ authorization: `Bearer ${await session.token()}` }),
    retryAttempts,
  });
}
