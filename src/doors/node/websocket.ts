import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';

import { acceptRequestId, readTraceContext } from '../../engine/incoming.ts';
import type { Upgrades } from './listening-server.ts';
import { pathOf, RequestHeaders } from './node-request.ts';
import { endWithRefusal, notFound, refusals, type Refusal } from './refusal.ts';
import { createSecretCheck } from './router-secret.ts';
import { subprotocol, WebSocketSession, type SessionOptions } from './websocket-session.ts';

export interface WebSocketDoorOptions extends SessionOptions {
  /** Size of a message in bytes; beyond: the connection is closed with 1009. */
  readonly maxBodyBytes: number;
  /** What `x-router-secret` must be at the handshake. @default null, anything */
  readonly routerSecret?: string | null | undefined;
}

/** So many milliseconds between two pings; who has not answered one by the next is cut off. */
const pingIntervalMs = 12_000;

/** Operations over WebSocket, at the GraphQL endpoint: any kind, many at a time. */
export function createWebSocketDoor(options: WebSocketDoorOptions): Upgrades {
  const { endpoint, maxBodyBytes, routerSecret = null } = options;
  const hasSecret = createSecretCheck(routerSecret);
  const sessions = new Set<WebSocketSession>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: maxBodyBytes,
    // It would cost memory for each connection, and a compressed message could grow without limit.
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
  });
  let pings: NodeJS.Timeout | undefined;

  function whyRefused(url: string, { routerSecret: secret }: RequestHeaders): Refusal | null {
    if (pathOf(url) !== endpoint) return notFound(endpoint);
    return hasSecret(secret) ? null : refusals.notByRouter;
  }

  function remove(session: WebSocketSession): void {
    sessions.delete(session);
    if (sessions.size > 0) return;
    clearInterval(pings);
    pings = undefined;
  }

  return {
    accept(message: IncomingMessage, socket: Duplex, head: Buffer) {
      const headers = new RequestHeaders(message.rawHeaders);
      const refusal = whyRefused(message.url ?? '/', headers);
      if (refusal !== null) {
        socket.on('error', () => socket.destroy());
        endWithRefusal(socket, refusal, acceptRequestId(headers.requestId));
        return;
      }
      server.handleUpgrade(message, socket, head, (client) => {
        const trace = readTraceContext(headers.traceparent, headers.tracestate);
        const session = new WebSocketSession(client, options, trace);
        sessions.add(session);
        client.on('close', () => {
          remove(session);
        });
        pings ??= setInterval(() => {
          for (const open of sessions) open.ping();
        }, pingIntervalMs).unref();
      });
    },
    close() {
      // What streams had to say before they were interrupted leaves first.
      setImmediate(() => {
        for (const session of sessions) session.close();
      });
    },
    terminate() {
      for (const session of sessions) session.terminate();
    },
  };
}
