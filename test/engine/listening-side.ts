import { createServer } from 'node:http';
import { duplexPair, type Duplex } from 'node:stream';

import { createNodeListener } from '../../src/doors/node/listener.ts';
import { AuthenticationError } from '../../src/errors.ts';
import type { RequestEnvironment } from '../../src/engine/request-context.ts';
import type { ExecutionContexts } from '../../src/execution-contexts/model.ts';
import { createOwnership } from '../../src/execution-contexts/ownership.ts';
import { createRestStore } from '../../src/execution-contexts/rest.ts';
import { connectGateway } from '../../src/gateway.ts';
import type { Identity, ResolveIdentity } from '../../src/identity/identity.ts';
import { createRateLimiter } from '../../src/rate-limit/limiter.ts';
import { createMemoryStore, type MemoryStore } from '../../src/rate-limit/memory-store.ts';
import type { RateLimitStore } from '../../src/rate-limit/store.ts';
import {
  createLocalLocks,
  type HeldLock,
  type KeyedLocks,
} from '../../src/shared-state/keyed-locks.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import type { FrozenClock } from '../support/clock.ts';
import { userNamed } from '../support/users.ts';
import { createMemoryClient, MemoryApi, withBreakages, type UpstreamCall } from './memory-api.ts';
import {
  comparable,
  exchange,
  writeRequest,
  type RawRequest,
  type RawResponse,
} from './raw-http.ts';

export interface SideOptions {
  /** Whether every operation is executed by Yoga, as it is with an embedder's plugins. */
  readonly forced: boolean;
  readonly clock: FrozenClock;
  /** Decides the limits in place of the store in memory. */
  readonly limits?: ((memory: MemoryStore) => RateLimitStore) | undefined;
  /** Instead of the store and the rule of ownership that go with {@link MemoryApi}. */
  readonly executionContexts?: Partial<ExecutionContexts>;
  readonly resolveIdentity?: ResolveIdentity;
  readonly onResult?: RequestEnvironment['onResult'];
}

/** All that comes of a request: what its client, the API and the log get to see. */
export interface Observation {
  readonly response: RawResponse | null;
  readonly upstream: readonly UpstreamCall[];
  /** What was told as a bug: the error that was thrown and where in the result. */
  readonly bugs: readonly string[];
  /** Its lines in the log, less what differs each time. */
  readonly lines: readonly object[];
}

/** A gateway behind its HTTP listener, all in this process: requests are bytes, and so are answers. */
export interface ListeningSide {
  readonly api: MemoryApi;
  /** How many requests were planned. */
  readonly planned: number;
  send(request: RawRequest): Promise<Observation>;
}

/** Locks that are free at once after an unknown outcome: leases end by the real clock. */
function withoutLeases(locks: KeyedLocks): KeyedLocks {
  const shorten = (held: HeldLock): HeldLock => ({
    lease: null,
    release: () => {
      held.release();
    },
    abandon: () => {
      held.release();
    },
  });
  return {
    ...locks,
    acquire(...call) {
      const held = locks.acquire(...call);
      return held instanceof Promise ? held.then(shorten) : shorten(held);
    },
  };
}

export function createSide(options: SideOptions): ListeningSide {
  const { forced, clock, limits, onResult } = options;
  const api = new MemoryApi();
  const bugs: string[] = [];
  const lines: string[] = [];
  let planned = 0;
  const memory = createMemoryStore({ now: clock.now });
  const gateway = connectGateway({
    executionContexts: {
      store: withBreakages(createRestStore({ client: createMemoryClient(api) })),
      ownership: createOwnership({
        isAdministrator: ({ id }) => id.startsWith('admin'),
        now: () => clock.now(),
      }),
      locks: withoutLeases(createLocalLocks()),
      ...options.executionContexts,
    },
    rateLimiter: createRateLimiter({ store: limits === undefined ? memory : limits(memory) }),
    resolveIdentity: options.resolveIdentity ?? identityOf,
    corsOrigins: ['https://app.example.com'],
    onBug: (error) => bugs.push(describeBug(error)),
    onResult,
    plugins: forced ? [{}] : [],
  });
  const { engine } = gateway;
  const server = createServer(
    createNodeListener({
      engine: {
        ...engine,
        run(...call) {
          planned += 1;
          engine.run(...call);
        },
      },
      yoga: gateway,
      cors: gateway.cors,
      maxBodyBytes: 1_048_576,
      readiness: () => ({ ready: true, checks: {} }) as never,
      metrics: createMetrics(),
      logger: createLogger({ level: 'info', destination: { write: (line) => lines.push(line) } }),
    }),
  );

  let connection: Duplex | null = null;
  /** The server's end: it has to be closed with the client's. */
  let far: Duplex | null = null;
  function connect(): Duplex {
    if (connection !== null && !connection.destroyed && !connection.readableEnded) {
      return connection;
    }
    far?.destroy();
    [connection, far] = duplexPair();
    connection.on('error', () => undefined);
    far.on('error', () => undefined);
    server.emit('connection', far);
    return connection;
  }

  return {
    api,
    get planned() {
      return planned;
    },
    async send(request) {
      api.calls = [];
      bugs.length = lines.length = 0;
      const near = connect();
      const response = await exchange(near, writeRequest(request));
      const isConcluded = () => lines.some((line) => line.includes('"msg":"request"'));
      while (!isConcluded() && response !== null) await new Promise(setImmediate);
      return {
        response: comparable(response),
        upstream: api.calls,
        bugs: [...bugs],
        lines: lines.map(comparableLine),
      };
    },
  };
}

/** Decides in promises, as Redis does. */
export function decideLater(memory: MemoryStore): RateLimitStore {
  return { consume: async (...call) => memory.consume(...call) };
}

/** Who a token stands for is in its text: `admin…` may touch all, `later…` is known a moment later. */
export function identityOf(authorization: string | null): Identity | Promise<Identity> {
  const name = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];
  if (name === undefined || name.startsWith('nobody')) {
    const error = new AuthenticationError(`There is no session token: ${String(name)}`);
    return { kind: 'anonymous', error };
  }
  const identity: Identity = { kind: 'user', user: userNamed(name.replace(/^later-/, '')) };
  return name.startsWith('later-') ? Promise.resolve(identity) : identity;
}

function describeBug(error: unknown): string {
  const { path, locations, originalError } = error as {
    path?: unknown;
    locations?: unknown;
    originalError?: unknown;
  };
  return `${String(originalError ?? error)} at ${JSON.stringify(path)} ${JSON.stringify(locations)}`;
}

function comparableLine(text: string): object {
  const { time, durationMs, err, ...line } = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const { type, message } = (err ?? {}) as { type?: unknown; message?: unknown };
  return {
    ...line,
    isTimed: typeof time === 'string' && typeof durationMs !== 'string',
    type,
    message,
  };
}
