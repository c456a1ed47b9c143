import { performance } from 'node:perf_hooks';
import type { LookupFunction } from 'node:net';

import { buildConnector, Pool, type Sender } from '../http-client.ts';

export interface ConnectionsOptions {
  /** Scheme, host and port of the API. */
  readonly origin: string;
  /** The most connections at once; up to twice as many while the previous ones finish their work. */
  readonly maxConnections: number;
  /** The time-out of a connection attempt, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Milliseconds after which connections get no more requests. */
  readonly lifeMs: number;
  /** Resolves the host name. @default dns.lookup */
  readonly lookup?: LookupFunction | undefined;
}

export interface Connections {
  /** Returns what sends requests now. @param now - The present time by `performance.now()`. */
  sender(now?: number): Sender;
  /** Closes the connections once the requests under way have ended. */
  close(): Promise<void>;
}

/**
 * Creates keep-alive connections with a bounded life. With regular requests a connection is never idle
 * long enough to be closed, and would keep the address that it once resolved: after a change in DNS,
 * requests would go to the old address without end.
 *
 * Whole pools replace each other. undici's `clientTtl` is not used: where all clients are past it and
 * busy, queued requests wait until another request is made, and it uses `Date.now`.
 */
export function createConnections(options: ConnectionsOptions): Connections {
  const { origin, maxConnections, connectTimeoutMs, lifeMs, lookup } = options;
  // All pools share one connector: it remembers TLS sessions, so that later handshakes are short.
  const connect = buildConnector({ timeout: connectTimeoutMs, ...(lookup && { lookup }) });
  const closing = new Set<Promise<void>>();
  let closed = false;
  let retireAt = performance.now() + lifeMs;
  let pool = open();

  function open() {
    // The client has its own deadlines; undici's timers would only add coarser ones.
    return new Pool(origin, {
      connections: maxConnections,
      connect,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  function retire(): void {
    const done = pool.close().finally(() => closing.delete(done));
    closing.add(done);
  }

  return {
    sender(now = performance.now()) {
      if (now >= retireAt && !closed) {
        retireAt = now + lifeMs;
        retire();
        pool = open();
      }
      return pool;
    },
    async close() {
      if (!closed) {
        closed = true;
        retire();
      }
      await Promise.all(closing);
    },
  };
}
