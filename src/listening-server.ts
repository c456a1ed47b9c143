import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { refuseMalformedRequest } from './http/malformed-request.ts';

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
const requestTimeoutMs = 30_000;

/**
 * Longer than the idle time-outs of common balancers (60 s): the side that reuses a connection must
 * be the one that closes it, or a request is lost now and then.
 */
const keepAliveTimeoutMs = 75_000;

/**
 * Listens on `host` and `port` (0: any free one).
 *
 * @throws ListenError
 */
export async function listen(
  listener: RequestListener,
  address: Address,
): Promise<ListeningServer> {
  const underWay = new Set<ServerResponse>();
  const unused = new Set<Socket>();
  let draining = false;

  const accept: RequestListener = (request, response) => {
    unused.delete(request.socket);
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
    if (draining) endConnectionAfter(response);
    listener(request, response);
  };
  const server = createServer(
    {
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      // What Node refuses by itself has no x-request-id: the listener does.
      requireHostHeader: false,
    },
    accept,
  );
  // RFC 9110, section 10.1.1: a server may pass over an expectation that it does not know.
  server.on('checkExpectation', accept);
  server.on('clientError', (error, socket) => {
    // A second answer within a first one would be taken for a part of it.
    const begun = [...underWay].some((answer) => answer.socket === socket && answer.headersSent);
    if (begun) socket.destroy();
    else refuseMalformedRequest(error, socket);
  });
  server.on('connection', (socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  await startListening(server, address);

  return {
    url: urlOf(server.address() as AddressInfo),
    get draining() {
      return draining;
    },
    async drain(drainMs, graceMs) {
      draining = true;
      for (const response of underWay) endConnectionAfter(response);
      await sleep(drainMs);

      const closed = once(server, 'close');
      server.close();
      // Connections opened ahead, which Node takes for ones whose first request is on its way.
      for (const socket of unused) socket.destroy();
      const giveUp = setTimeout(() => {
        server.closeAllConnections();
      }, graceMs);
      await closed;
      clearTimeout(giveUp);
    },
  };
}

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
