import { performance } from 'node:perf_hooks';
import type { LookupFunction } from 'node:net';
import { buildConnector, Pool, type Dispatcher } from 'undici';

export interface ConnectionsOptions {
  /** Scheme, host and port of the API. */
  readonly origin: string;
  /** Most connections at once; up to twice as many while those before them finish their work. */
  readonly maxConnections: number;
  /** Milliseconds for a connection to be made. */
  readonly connectTimeoutMs: number;
  /** Milliseconds after which connections get no more requests. */
  readonly lifeMs: number;
  /** How the host's addresses are found. @default dns.lookup */
  readonly lookup?: LookupFunction | undefined;
}

export interface Connections {
  /** @param now - The time on the clock of `performance.now()`. */
  dispatcher(now?: number): Dispatcher;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

/**
 * Keep-alive connections with a bounded life. Under a low load a connection is never idle long enough
 * to be closed, and would keep to the address it once found: after a change by DNS requests would go
 * to the old place for ever.
 *
 * Whole pools take turns. undici's `clientTtl` is not used: where all clients are past it and busy,
 * what is queued waits until somebody asks for something else, and it goes by `Date.now`.
 */
export function createConnections(options: ConnectionsOptions): Connections {
  const { origin, maxConnections, connectTimeoutMs, lifeMs, lookup } = options;
  // One connector for all pools: it remembers TLS sessions, so that later handshakes are short.
  const connect = buildConnector({ timeout: connectTimeoutMs, ...(lookup && { lookup }) });
  const closing = new Set<Promise<void>>();
  let closed = false;
  let retireAt = performance.now() + lifeMs;
  let pool = open();

  function open(): Pool {
    // The deadline is the client's; undici's own timers would only add a second, coarser one.
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
    dispatcher(now = performance.now()) {
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
