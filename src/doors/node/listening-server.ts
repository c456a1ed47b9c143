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

export interface ListeningServer {
  /** Without a slash at the end. */
  readonly url: string;
  readonly draining: boolean;
  /**
   * Goes on accepting for `drainMs` milliseconds, telling clients to reconnect elsewhere, then
   * stops accepting and waits for the requests under way, `graceMs` milliseconds at most.
   */
  drain(drainMs: number, graceMs: number): Promise<void>;
}

/** The server cannot listen where it was told to. */
export class ListenError extends Error {
  constructor({ host, port }: Address, cause: NodeJS.ErrnoException) {
    const { code = cause.message } = cause;
    const reason = listenReasons[code] ?? code;
    super(`The gateway cannot listen with HOST=${host} and PORT=${port}: ${reason}.`, { cause });
    this.name = 'ListenError';
  }
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

const listenReasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process has that port; stop it or set PORT to another, or to 0 for any',
  EACCES: 'ports below 1024 need a privilege; set PORT to a higher one',
  EADDRNOTAVAIL: 'this machine has no such address; set HOST to one it has, or to 0.0.0.0 for all',
  ENOTFOUND: 'HOST is no address and no name that resolves to one',
  EAI_AGAIN: 'HOST is a name that cannot be resolved at the moment',
};

/** A client that sends slower than this, in milliseconds for a whole request, is cut off. */
export const defaultRequestTimeoutMs = 30_000;
/** How often Node looks for such clients, in milliseconds: its own default would give them twice the time. */
const timeoutCheckMs = 1_000;

/** What speaks another protocol over connections that began with HTTP (RFC 9110, section 7.8). */
export interface Upgrades {
  accept(message: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Says goodbye on every connection. */
  close(): void;
  /** Cuts off who does not go. */
  terminate(): void;
}

export interface ListenOptions extends Address {
  readonly listener: RequestListener;
  /**
   * How long an idle connection is kept, in milliseconds. It has to be longer than the load
   * balancer's: the side that reuses a connection must be the one that closes it, or a request is
   * lost now and then.
   */
  readonly keepAliveTimeoutMs: number;
  /** How long a client may take to send a request, in milliseconds. @default defaultRequestTimeoutMs */
  readonly requestTimeoutMs?: number | undefined;
  /** Takes connections that ask for another protocol. @default they are answered by `listener` */
  readonly upgrades?: Upgrades | undefined;
  /** Told, when no more connections are accepted, to end what would not end by itself. */
  readonly onClosing?: (() => void) | undefined;
  /** Told of what came over a connection and was no request. @default nobody */
  readonly onParserRefusal?: ((code: string | undefined, requestId: string) => void) | undefined;
}

/**
 * Listens on `host` and `port` (0: any free one).
 *
 * @throws {ListenError}
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
   * The newest response of each connection: `null` where there was none yet, `idle` where it is
   * complete, `unread` where that was so before its request was. Kept by connection and not as a set of responses: a set that is added to and deleted
   * from all the time leaves its old tables behind, linked to the newer ones, and in the old
   * generation each of them keeps a request's whole graph alive until the next full collection.
   */
  const connections = new Map<Socket, ServerResponse | typeof idle | typeof unread | null>();
  /** The responses under way of connections that have, or had, more than one. */
  const pipelined = new Map<Socket, Set<ServerResponse>>();
  /** Connections on which the parser has given up: it fails again at each further chunk. */
  const refused = new WeakSet<Socket>();
  let draining = false;

  const accept: RequestListener = (request, response) => {
    // Its turn comes after that of the one before.
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
      // What Node refuses by itself has no x-request-id: the listener does.
      requireHostHeader: false,
    },
    accept,
  );
  // Node would end its side of the connection as soon as the client ends the other, answer or not.
  Object.assign(server, { httpAllowHalfOpen: true });
  // RFC 9110, section 10.1.1: a server may pass over an expectation that it does not know. The one
  // that it knows is answered by whoever reads the body.
  server.on('checkExpectation', accept);
  server.on('checkContinue', accept);
  server.on('clientError', (error: NodeJS.ErrnoException, stream) => {
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- it listens on TCP alone
    const socket = stream as Socket;
    if (!socket.writable || ofLostConnections.has(error.code)) socket.destroy();
    else if (!refused.has(socket)) refuseBytes(error, socket);
  });

  /** Answers for bytes that are no request, in their turn (RFC 9112, section 9.3.2). */
  function refuseBytes(error: NodeJS.ErrnoException, socket: Socket): void {
    refused.add(socket);
    const answer = connections.get(socket);
    if (answer === unread) {
      // They are of a request that has its answer.
      socket.destroySoon();
    } else if (!(answer instanceof ServerResponse)) {
      refuseMalformedRequest(error, socket, onParserRefusal);
    } else if (answer.req.complete) {
      answer.once('finish', () => {
        refuseMalformedRequest(error, socket, onParserRefusal);
      });
    } else {
      // They are of its request's body, which whoever reads it answers for.
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
      // No HTTP will come over it any more.
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
      // Node tells the one whose turn it is alone.
      if (response.socket !== null) continue;
      response.destroy();
      response.emit('close');
    }
    pipelined.delete(this);
  }
  server.on('connection', (socket) => {
    connections.set(socket, null);
    // A connection comes twice where it asked for another protocol in vain.
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
      // Connections opened ahead, which Node takes for ones whose first request is on its way.
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

/** Nobody is there to read an answer. */
const ofLostConnections: ReadonlySet<string | undefined> = new Set(['ECONNRESET', 'EPIPE']);

/**
 * A connection as if it had not asked for another protocol, which a server need not speak (RFC 9110,
 * section 7.8): Java's client offers HTTP/2 with each request. Node leaves no other way to pass over
 * some upgrades and accept others.
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
 * Sends `Connection: close`. Balancers keep connections open for long; this is how they learn to
 * send no more on this one.
 */
function endConnectionAfter(response: ServerResponse): void {
  response.shouldKeepAlive = false;
}

function urlOf({ address, family, port }: AddressInfo): string {
  const host = address === '0.0.0.0' || address === '::' ? 'localhost' : address;
  return `http://${family === 'IPv6' && host === address ? `[${host}]` : host}:${port}`;
}
