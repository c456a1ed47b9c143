import { once } from 'node:events';
import {
  createServer,
  ServerResponse,
  type IncomingMessage,
  type RequestListener,
} from 'node:http';
import { Socket, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

import { watchHalfClosed } from './half-closed.ts';
import { refuseMalformedRequest } from './malformed-request.ts';

/** An HTTP server that is listening. */
export interface ListeningServer {
  /** The base URL, without a slash at the end. */
  readonly url: string;
  readonly draining: boolean;
  /**
   * Shuts down. For `drainMs` milliseconds it still accepts connections, and tells clients to reconnect
   * elsewhere; then it stops accepting, and waits up to `graceMs` milliseconds for pending requests.
   */
  drain(drainMs: number, graceMs: number): Promise<void>;
}

/** The server cannot listen on the configured address. */
export class ListenError extends Error {
  constructor({ host, port }: Address, cause: NodeJS.ErrnoException) {
    const { code = cause.message } = cause;
    const reason = listenReasons[code] ?? code;
    super(`The gateway cannot listen with HOST=${host} and PORT=${port}: ${reason}.`, { cause });
    this.name = 'ListenError';
  }
}

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const listenReasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process has that port; stop it or set PORT to another, or to 0 for any',
  EACCES: 'ports below 1024 need a privilege; set PORT to a higher one',
  EADDRNOTAVAIL: 'this machine has no such address; set HOST to one it has, or to 0.0.0.0 for all',
  ENOTFOUND: 'HOST is neither an address nor a name that resolves to one',
  EAI_AGAIN: 'the name in HOST cannot be resolved, because of a temporary failure',
};

/** The time within which a client has to send a whole request, in milliseconds. */
export const defaultRequestTimeoutMs = 30_000;
/** How often Node checks that time, in milliseconds. With Node's default a client could take twice it. */
const timeoutCheckMs = 1_000;

/** Handles connections that were upgraded from HTTP to another protocol (RFC 9110, section 7.8). */
export interface Upgrades {
  /** Called with a request to upgrade its connection. */
  accept(message: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Closes every connection in the way of its protocol. */
  close(): void;
  /** Cuts off the remaining connections. */
  terminate(): void;
}

export interface ListenOptions extends Address {
  readonly listener: RequestListener;
  /**
   * How long an idle connection is kept open, in milliseconds. It must be longer than the load
   * balancer's time: if the server closed a connection first, a request that the balancer sends on it
   * at that moment would be lost.
   */
  readonly keepAliveTimeoutMs: number;
  /** How long a client may take to send a request, in milliseconds. @default defaultRequestTimeoutMs */
  readonly requestTimeoutMs?: number | undefined;
  /** Handles requests to upgrade to WebSocket. @default `listener` answers them */
  readonly upgrades?: Upgrades | undefined;
  /** Called when no more connections are accepted, to end responses without an end, such as streams. */
  readonly onClosing?: (() => void) | undefined;
  /** Called for bytes that are not a valid request. @default () => undefined */
  readonly onParserRefusal?: ((code: string | undefined, requestId: string) => void) | undefined;
}

/**
 * Starts an HTTP server on `host` and `port`; port 0 is any free one.
 *
 * @throws {ListenError} (rejecting) where the address cannot be listened on.
 */
export async function listen({
  listener,
  keepAliveTimeoutMs,
  requestTimeoutMs = defaultRequestTimeoutMs,
  upgrades,
  onClosing = () => undefined,
  onParserRefusal = () => undefined,
  ...address
}: ListenOptions): Promise<ListeningServer> {
  /**
   * The newest response of each connection: `null` before the first, `idle` once it is complete,
   * `unread` where it was complete before its request was. It is a map by connection and not a set of
   * responses, because a set that each request adds to and deletes from leaves its old tables behind,
   * linked to the newer ones: in the old generation each of them keeps a request's whole graph alive
   * until the next full collection.
   */
  const connections = new Map<Socket, ServerResponse | typeof idle | typeof unread | null>();
  /** The pending responses of connections with pipelined requests. */
  const pipelined = new Map<Socket, Set<ServerResponse>>();
  /** Connections on which the parser has failed: it fails again at each further chunk. */
  const refused = new WeakSet<Socket>();
  let draining = false;

  const accept: RequestListener = (request, response) => {
    // Without a socket it is pipelined: it gets the socket when the response before it has ended.
    if (response.socket === null) notePipelined(request.socket, response);
    connections.set(request.socket, response);
    response.on('finish', forgetResponse);
    if (draining) endConnectionAfter(response);
    listener(request, response);
  };

  function forgetResponse(this: ServerResponse): void {
    const { socket, complete } = this.req;
    if (connections.get(socket) === this) connections.set(socket, complete ? idle : unread);
  }

  function notePipelined(socket: Socket, response: ServerResponse): void {
    const underWay = pipelined.get(socket) ?? new Set();
    pipelined.set(socket, underWay);
    for (const each of [connections.get(socket), response]) {
      if (!(each instanceof ServerResponse) || underWay.has(each)) continue;
      underWay.add(each);
      each.once('close', () => underWay.delete(each));
    }
  }
  const server = createServer(
    {
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: timeoutCheckMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      // Node's own refusal would have no x-request-id: the listener refuses such requests.
      requireHostHeader: false,
    },
    accept,
  );
  // Otherwise Node ends its side of the connection when the client ends the other, before the response.
  Object.assign(server, { httpAllowHalfOpen: true });
  // RFC 9110, section 10.1.1: a server may ignore an unknown expectation. `100 Continue` is sent when
  // the body is read.
  server.on('checkExpectation', accept);
  server.on('checkContinue', accept);
  server.on('clientError', (error: NodeJS.ErrnoException, stream) => {
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- it listens on TCP alone
    const socket = stream as Socket;
    if (!socket.writable || ofLostConnections.has(error.code)) socket.destroy();
    else if (!refused.has(socket)) refuseBytes(error, socket);
  });

  /** Refuses bytes that are not a valid request, after earlier responses (RFC 9112, section 9.3.2). */
  function refuseBytes(error: NodeJS.ErrnoException, socket: Socket): void {
    refused.add(socket);
    const answer = connections.get(socket);
    if (answer === unread) {
      // They belong to a request that was answered already.
      socket.destroySoon();
    } else if (!(answer instanceof ServerResponse)) {
      refuseMalformedRequest(error, socket, onParserRefusal);
    } else if (answer.req.complete) {
      answer.once('finish', () => {
        refuseMalformedRequest(error, socket, onParserRefusal);
      });
    } else {
      // They belong to the body of the current request: its reader refuses them.
      endConnectionAfter(answer);
      if (answer.headersSent)
        answer.once('finish', () => {
          socket.destroySoon();
        });
      else if (answer.req.listenerCount('error') > 0) answer.req.emit('error', error);
    }
  }

  if (upgrades !== undefined) {
    server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
      // From here on the connection is not HTTP.
      if (socket instanceof Socket) connections.delete(socket);
      if (message.headers.upgrade?.toLowerCase() === 'websocket') {
        upgrades.accept(message, socket, head);
      } else {
        server.emit('connection', withoutUpgrade(message, socket, head));
      }
    });
  }
  function onEnd(this: Socket): void {
    for (const answer of pipelined.get(this) ?? [connections.get(this)]) {
      if (answer instanceof ServerResponse) watchHalfClosed(this, answer);
    }
  }
  function onClose(this: Socket): void {
    connections.delete(this);
    for (const response of pipelined.get(this) ?? []) {
      // Node closes only the response that has the socket.
      if (response.socket !== null) continue;
      response.destroy();
      response.emit('close');
    }
    pipelined.delete(this);
  }
  server.on('connection', (socket) => {
    connections.set(socket, null);
    // The event is emitted a second time for a connection whose upgrade was ignored.
    socket.off('end', onEnd).once('end', onEnd);
    socket.off('close', onClose).once('close', onClose);
  });
  await startListening(server, address);

  return {
    url: urlOf(server.address() as AddressInfo),
    get draining() {
      return draining;
    },
    async drain(drainMs, graceMs) {
      draining = true;
      for (const response of connections.values()) {
        if (response instanceof ServerResponse) endConnectionAfter(response);
      }
      await sleep(drainMs);

      const closed = once(server, 'close');
      server.close();
      onClosing();
      upgrades?.close();
      // Connections without a request yet: Node would wait for the first one.
      for (const [socket, response] of connections) if (response === null) socket.destroy();
      const giveUp = setTimeout(() => {
        server.closeAllConnections();
        upgrades?.terminate();
      }, graceMs);
      await closed;
      clearTimeout(giveUp);
    },
  };
}

const idle = Symbol('idle');
const unread = Symbol('unread');

/** The codes of errors after which the client cannot read a response. */
const ofLostConnections: ReadonlySet<string | undefined> = new Set(['ECONNRESET', 'EPIPE']);

/**
 * Returns the connection as if it had not requested an upgrade, which a server may ignore (RFC 9110,
 * section 7.8): Java's client offers HTTP/2 with each request. Node has no other way to ignore some
 * upgrades and accept others.
 */
function withoutUpgrade(
  { method, url, httpVersion, rawHeaders }: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Duplex {
  let text = `${method ?? 'GET'} ${url ?? '/'} HTTP/${httpVersion}\r\n`;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    if (!ofTheUpgrade.has(name.toLowerCase())) text += `${name}: ${value}\r\n`;
  }
  socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), head]));
  return socket;
}

const ofTheUpgrade: ReadonlySet<string> = new Set(['connection', 'upgrade', 'http2-settings']);

async function startListening(
  server: ReturnType<typeof createServer>,
  address: Address,
): Promise<void> {
  server.listen(address.port, address.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new ListenError(address, error as NodeJS.ErrnoException);
  }
}

/**
 * Lets the response have `Connection: close`, so that a load balancer sends no further request on its
 * connection.
 */
function endConnectionAfter(response: ServerResponse): void {
  response.shouldKeepAlive = false;
}

function urlOf({ address, family, port }: AddressInfo): string {
  const host = address === '0.0.0.0' || address === '::' ? 'localhost' : address;
  return `http://${family === 'IPv6' && host === address ? `[${host}]` : host}:${port}`;
}
