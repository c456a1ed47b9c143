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
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

export interface Sandbox {
  /** Its base URL, on loopback, without a slash at the end. */
  readonly url: string;
  /** Stops listening and closes every connection. */
  close(): Promise<void>;
}

/**
 * The REST API and the identity provider the gateway works against when it is given none: a real
 * HTTP server that holds a few seeded contexts in memory.
 *
 * @throws The listen error.
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

  // The globals belong to the gateway, which runs in the same process.
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
