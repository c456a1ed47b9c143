import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';

import { createApi } from './api.ts';
import { authenticate } from './caller.ts';
import { answerFailure, failure } from './failure.ts';
import { sandboxKeySet } from './identity.ts';
import { createSeededStore } from './seed.ts';

export interface SandboxOptions {
  /** Returns the time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

export interface Sandbox {
  /** The base URL, on loopback, without a slash at the end. */
  readonly url: string;
  /** Stops listening and closes every connection. */
  close(): Promise<void>;
}

/**
 * Starts the REST API and the identity provider that the gateway uses where none are configured: a real
 * HTTP server with sample contexts in memory.
 *
 * @throws {Error} (rejecting) Where the server cannot listen.
 */
export async function startSandbox({ clock = Date.now }: SandboxOptions = {}): Promise<Sandbox> {
  const app = new Hono()
    .get('/.well-known/jwks.json', (c) => c.json(sandboxKeySet))
    .route(
      '/',
      createApi({
        store: createSeededStore(),
        authenticate: (header) => authenticate(header, clock),
        clock,
      }),
    )
    .notFound((c) => answerFailure(failure(404, 'no such resource'), c));

  // The gateway runs in the same process, and its globals must not be replaced.
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server;
  server.listen(0, '127.0.0.1');
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
