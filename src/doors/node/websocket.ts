import { performance } from 'node:perf_hooks';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';

import { acceptRequestId, readTraceContext } from '../../engine/incoming.ts';
import {
  beginRecord,
  endRecord,
  isOperationPath,
  shownPath,
} from '../../telemetry/request-record.ts';
import type { Upgrades } from './listening-server.ts';
import { pathOf, RequestHeaders } from './node-request.ts';
import { endWithRefusal, notFound, refusals, type Refusal } from './refusal.ts';
import { createSecretCheck } from './router-secret.ts';
import {
  defaultPingIntervalMs,
  subprotocol,
  WebSocketSession,
  type SessionOptions,
} from './websocket-session.ts';

export interface WebSocketDoorOptions extends SessionOptions {
  /** The maximum size of a message, in bytes. A larger one closes the connection with 1009. */
  readonly maxBodyBytes: number;
  /** The expected `x-router-secret` of the handshake. @default null, which accepts any */
  readonly routerSecret?: string | null | undefined;
}

/** Creates the door for operations over WebSocket at the GraphQL endpoint: any kind, concurrently. */
export function createWebSocketDoor(options: WebSocketDoorOptions): Upgrades {
  const { endpoint, maxBodyBytes, routerSecret = null } = options;
  const hasSecret = createSecretCheck(routerSecret);
  const sessions = new Set<WebSocketSession>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: maxBodyBytes,
    // Compression takes memory for each connection, and a compressed message could expand without limit.
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
  });
  let pings: NodeJS.Timeout | undefined;

  function whyRefused(url: string, { routerSecret: secret }: RequestHeaders): Refusal | null {
    if (pathOf(url) !== endpoint) return notFound(endpoint);
    return hasSecret(secret) ? null : refusals.notByRouter;
  }

  /** Refuses, logs and counts a failed handshake like any other refused request. */
  function refuse(
    { url = '/', method }: IncomingMessage,
    { requestId: givenId, traceparent, tracestate }: RequestHeaders,
    socket: Duplex,
    refusal: Refusal,
  ): void {
    const startedAt = performance.now();
    const requestId = acceptRequestId(givenId);
    const target = pathOf(url);
    const isOperation = isOperationPath(target, endpoint);
    const path = shownPath(target, endpoint, false);
    const trace = readTraceContext(traceparent, tracestate);
    const span = isOperation ? beginRecord(options, method, path, { requestId, trace }) : null;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      const complete = socket.writableFinished;
      const status = complete ? refusal.status : 499;
      const durationMs = performance.now() - startedAt;
      const operation = isOperation ? 'none' : null;
      endRecord(options, span, {
        ...{ requestId, method, path, status, complete },
        ...{ durationMs, operation, results: null },
      });
    });
    endWithRefusal(socket, refusal, requestId);
  }
  server.on('wsClientError', ({ message: what }, socket, message) => {
    refuse(message, new RequestHeaders(message.rawHeaders), socket, malformedHandshake(what));
  });

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
        refuse(message, headers, socket, refusal);
        return;
      }
      server.handleUpgrade(message, socket, head, (client) => {
        const trace = readTraceContext(headers.traceparent, headers.tracestate);
        const session = new WebSocketSession(client, message.socket, options, trace);
        sessions.add(session);
        client.on('close', () => {
          remove(session);
        });
        pings ??= setInterval(() => {
          for (const open of sessions) open.ping();
        }, options.pingIntervalMs ?? defaultPingIntervalMs).unref();
      });
    },
    close() {
      // Deferred, so that the last messages of interrupted streams are sent first.
      setImmediate(() => {
        for (const session of sessions) session.close();
      });
    },
    terminate() {
      for (const session of sessions) session.terminate();
    },
  };
}

/** @param what - What is wrong, as `ws` says it; safe to show to the client. */
function malformedHandshake(what: string): Refusal {
  return {
    status: 400,
    code: 'BAD_REQUEST',
    message: `Malformed WebSocket handshake: ${what}.`,
    // RFC 6455, section 4.4: a client of another version has to be told the supported ones.
    headers: { 'sec-websocket-version': '13, 8' },
  };
}
