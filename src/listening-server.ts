import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ListeningServer {
  /** Without a slash at the end. */
  readonly url: string;
  readonly draining: boolean;
  /**
   * Goes on accepting for `drainMs` milliseconds, telling clients to reconnect elsewhere, then
   * stops and waits for the requests under way.
   */
  drain(drainMs: number): Promise<void>;
}

/** A client that sends slower than this, in milliseconds for a whole request, is cut off. */
const requestTimeoutMs = 30_000;

/**
 * Listens on `host` and `port` (0: any free one).
 *
 * @throws The listen error, such as `EADDRINUSE`.
 */
export async function listen(
  listener: RequestListener,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<ListeningServer> {
  let draining = false;
  const server = createServer({ requestTimeout: requestTimeoutMs }, (request, response) => {
    // Balancers keep connections open for long; this is how they learn to open no more here.
    if (draining) response.setHeader('connection', 'close');
    listener(request, response);
  });
  // Longer than the idle time-outs of common balancers (60 s): the side that reuses a connection
  // must be the one that closes it, or a request is lost now and then.
  server.keepAliveTimeout = 75_000;
  server.listen(port, host);
  await once(server, 'listening');

  return {
    url: urlOf(server.address() as AddressInfo),
    get draining() {
      return draining;
    },
    async drain(drainMs) {
      draining = true;
      await sleep(drainMs);
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      await closed;
    },
  };
}

function urlOf({ address, family, port }: AddressInfo): string {
  const host = address === '0.0.0.0' || address === '::' ? 'localhost' : address;
  return `http://${family === 'IPv6' && host === address ? `[${host}]` : host}:${port}`;
}
