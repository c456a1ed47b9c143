import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LoopbackServer {
  /** Without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/** A listener for `node:http`, such as Yoga and Hive Gateway are. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

/**
 * Listens on loopback.
 *
 * @param port - 0: any free one.
 * @throws The listen error, such as `EADDRINUSE`.
 */
export async function listenOnLoopback(listener: Listener, port = 0): Promise<LoopbackServer> {
  const server = createServer((request, response) => void listener(request, response));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
