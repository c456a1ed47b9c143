import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';

import { createUpstreamApi } from './upstream-api.ts';
import type { SeedContext } from './upstream-api.ts';
import type { RecordedRequest } from './upstream-exchange.ts';
import { createRuleBook } from './upstream-rules.ts';
import type { UpstreamRules } from './upstream-rules.ts';

export interface UpstreamOptions {
  /** Contexts there from the start. */
  readonly contexts?: readonly SeedContext[];
  /** The time in milliseconds since the epoch, for `created_at`. @default Date.now */
  readonly clock?: () => number;
}

/** A real HTTP server that holds the API of the contract, and misbehaves when told to. */
export interface Upstream extends UpstreamRules {
  readonly url: string;
  /** Every request that came in whole, oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** Connections accepted since the start. */
  readonly connections: number;
  /** Connections open now. */
  readonly openConnections: number;
  /** Forgets the rules and the log; what is stored stays. */
  clear(): void;
  seed(...contexts: readonly SeedContext[]): void;
  stored(id: string): SeedContext | undefined;
  /** Resolves once `count` requests are in the log. */
  received(count: number): Promise<void>;
  /** Stops listening and destroys every connection: from now on they are refused. */
  stop(): Promise<void>;
  /** Listens again, on the same port. */
  start(): Promise<void>;
  /** Stops for good. @throws {AggregateError} An answer of the test's own threw. */
  close(): Promise<void>;
}

async function record(
  incoming: IncomingMessage,
  response: ServerResponse,
  ordinalOnConnection: number,
): Promise<RecordedRequest> {
  const abandoned = new Promise<void>((resolve) => {
    response.once('close', () => {
      if (!response.writableFinished) resolve();
    });
  });
  const { method = '', url = '', headers } = incoming;
  return {
    method,
    path: url,
    headers,
    body: await text(incoming),
    ordinalOnConnection,
    abandoned,
  };
}

/** Starts an upstream on a free loopback port. */
export async function startUpstream(options: UpstreamOptions = {}): Promise<Upstream> {
  const api = createUpstreamApi(options.clock);
  api.seed(...(options.contexts ?? []));
  const rules = createRuleBook();
  const requests: RecordedRequest[] = [];
  const sockets = new Map<Socket, { requests: number; readonly gone: AbortController }>();
  const defects: unknown[] = [];
  let connections = 0;

  async function exchange(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = incoming;
    const connection = sockets.get(socket);
    if (connection === undefined) return;
    connection.requests += 1;
    const request = await record(incoming, response, connection.requests);
    requests.push(request);
    server.emit('recorded');
    await rules.answerFor(request)({
      request,
      response,
      socket,
      gone: connection.gone.signal,
      api: () => api.handle(request),
    });
  }

  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, response) => {
    exchange(incoming, response).catch((error: unknown) => {
      // A client that leaves is what tests are about; anything else is a defect of the test itself.
      if (!incoming.socket.destroyed) defects.push(error);
      incoming.socket.destroy();
    });
  });
  server.on('connection', (socket) => {
    connections += 1;
    const gone = new AbortController();
    sockets.set(socket, { requests: 0, gone });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      sockets.delete(socket);
      gone.abort();
    });
  });

  async function listen(port: number): Promise<number> {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  async function stop(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets.keys()) socket.destroy();
    await closed;
  }

  const port = await listen(0);
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    get connections() {
      return connections;
    },
    get openConnections() {
      return sockets.size;
    },
    next: rules.next,
    on: rules.on,
    always: rules.always,
    clear() {
      rules.clear();
      requests.length = 0;
    },
    seed: (...contexts) => {
      api.seed(...contexts);
    },
    stored: (id) => api.stored(id),
    async received(count) {
      while (requests.length < count) await once(server, 'recorded');
    },
    stop,
    async start() {
      if (!server.listening) await listen(port);
    },
    async close() {
      await stop();
      if (defects.length > 0) throw new AggregateError(defects, 'An answer of the upstream threw.');
    },
  };
}
