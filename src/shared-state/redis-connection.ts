import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';

import { Redis, type RedisOptions } from 'ioredis';

import { RedisCalls, type RedisCall } from './redis-calls.ts';
import { RedisClock } from './redis-clock.ts';
import {
  codeOf,
  explain,
  isAboutCommand,
  isAboutThisServer,
  NotConnectedError,
  UnusableRedisError,
} from './redis-failure.ts';
import { RedisProgram, type RedisScript } from './redis-program.ts';
import { meetServer, readClock } from './redis-server.ts';
import { defaultKeyPrefix, type RedisTarget } from './redis-url.ts';

export interface RedisConnectionOptions {
  readonly target: RedisTarget;
  /**
   * Stands before every key and channel, so that two environments can share one Redis.
   *
   * @default defaultKeyPrefix
   */
  readonly keyPrefix?: string | undefined;
  /** Every script that will be called. */
  readonly scripts: readonly RedisScript[];
}

export interface RunOptions<Reply> {
  /** Milliseconds from the sending to the reply. @default as long as the connection lasts */
  readonly timeoutMs?: number;
  /** Reads the reply; what it throws is what `run` rejects with. @default the reply as it is */
  readonly read?: (reply: unknown) => Reply;
}

/** The connection that everything shared in Redis uses for its commands. */
export interface RedisConnection {
  /** Whether commands can be sent: it is connected, and the server is as the configuration says. */
  readonly usable: boolean;
  /** The code that says why it is not usable; `null` where it is. */
  readonly cause: string | null;
  /** What is known of Redis' clock; kept fresh while the connection is usable. */
  readonly clock: RedisClock;
  /** Identifies the run of the server that is, or was last, connected: it changes with a restart. */
  readonly serverRun: string;
  /** Names this process among all that share the Redis. */
  readonly processId: string;
  /** The name of a key or channel as Redis has it: with the prefix. */
  key(name: string): string;
  /**
   * Connects when it is first called. Resolves once the connection is usable, at once where it is
   * already. Rejects when the first attempt fails, and at once while a later attempt is under way.
   *
   * @throws {NotConnectedError} (rejecting)
   * @throws {UnusableRedisError} (rejecting) Where Redis is a cluster, or does not have the database.
   */
  connect(): Promise<void>;
  /**
   * Calls a script; see {@link RedisCalls}. It fails with a {@link NotConnectedError} or with the
   * {@link RedisReplyError} that Redis answered with.
   */
  call(call: RedisCall): void;
  /**
   * Calls a script, and resolves with what it returned.
   *
   * @param keys - With the prefix: see `key`.
   * @throws {NotConnectedError} (rejecting) Where the connection is lost.
   * @throws {ReplyTimeoutError} (rejecting) Where no reply came in time.
   * @throws {RedisReplyError} (rejecting) Where Redis answered with an error.
   */
  run<Reply = unknown>(
    script: RedisScript,
    keys: readonly string[],
    args: readonly string[],
    options?: RunOptions<Reply>,
  ): Promise<Reply>;
  /**
   * Calls a script whose reply nobody waits for. It may be sent a little later, together with others.
   *
   * @param failed - Called with the cause, as `run` rejects.
   */
  post(
    script: RedisScript,
    keys: readonly string[],
    args: readonly string[],
    failed: (cause: Error) => void,
  ): void;
  /**
   * Creates another connection, to subscribe on. It connects when it is first used, and does not
   * reconnect when it is lost: messages that are published meanwhile are missed, and only its user can
   * make up for them. `close` ends it, too.
   */
  createSubscriber(): Redis;
  /** Sends the calls that wait to be sent, and disconnects. */
  close(): void;
}

/**
 * A connection on which nothing has arrived for this long is closed, and a new one is made. The time
 * is long because a stall of this process looks the same here.
 */
const silenceMs = 5_000;
const connectTimeoutMs = 2_000;
/** How long `close` waits for the server to close its side: the process may be ending. */
const disconnectTimeoutMs = 200;
const firstReconnectDelayMs = 50;
const longestReconnectDelayMs = 500;

/**
 * At each beat, Redis' clock is read unless a reply has told it since the last beat, so that the last
 * reading is less than two seconds old. In that time two clocks can drift apart by 2 ms, by which the
 * deadlines of calls are shortened. The beat also finds dead connections.
 */
const heartbeatMs = 1_000;

/**
 * Creates a connection by ioredis. It connects when `connect` is first called, reconnects without end,
 * and never keeps a command for a later connection. A connection is used once the database is
 * selected, the server is known not to be a cluster, and its clock is read.
 */
export function createRedisConnection(options: RedisConnectionOptions): RedisConnection {
  const { target, keyPrefix = defaultKeyPrefix, scripts } = options;
  const clock = new RedisClock();
  const subscribers = new Set<Redis>();
  let isSetUp = false;
  let serverRun = '';
  let failure: Error | undefined;
  let attempts = 0;
  let closed = false;
  let opening: Promise<void> | undefined;
  let settleOpening: ((error?: Error) => void) | undefined;

  const client = new Redis({
    ...policyFor(target),
    db: target.database,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => reconnectDelayMs((attempts += 1)),
    // A demoted master goes on answering and refuses every write: only a new connection finds its successor.
    reconnectOnError(error) {
      if (!isAboutThisServer(error)) return false;
      failure = explain(error);
      return true;
    },
  });
  const calls = new RedisCalls({
    client,
    program: new RedisProgram(scripts),
    clock,
    isUsable,
    whyNot,
    explain(error) {
      const explained = explain(error);
      // The client does not see the errors of single calls in a reply.
      if (isAboutThisServer(error) && isUsable()) {
        failure = explained;
        client.disconnect(true);
      }
      return explained;
    },
  });
  client.on('error', (error: Error) => {
    // That the database cannot be selected is found by `setUp`.
    if (!isAboutCommand(error, 'select')) failure = explain(error);
  });
  client.on('ready', () => void setUp());
  client.on('close', () => {
    isSetUp = false;
    calls.connectionLost();
    clock.reset();
    settleOpening?.(whyNot());
  });
  let lastReadMs = clock.observedMs;
  const heartbeat = setInterval(() => {
    if (isUsable() && clock.observedMs === lastReadMs) readClock(client, clock).catch(ignore);
    lastReadMs = clock.observedMs;
  }, heartbeatMs).unref();

  function isUsable(): boolean {
    return isSetUp && client.status === 'ready';
  }

  function whyNot(): Error {
    return failure instanceof UnusableRedisError ? failure : new NotConnectedError(failure);
  }

  async function setUp(): Promise<void> {
    const { stream } = client;
    try {
      const run = await meetServer(client, target, clock);
      if (client.stream !== stream) return;
      serverRun = run;
      isSetUp = true;
      attempts = 0;
      failure = undefined;
      settleOpening?.();
    } catch (error) {
      if (client.stream !== stream) return;
      failure = explain(error);
      client.disconnect(true);
    }
  }

  return {
    clock,
    processId: randomBytes(9).toString('base64url'),

    get usable() {
      return isUsable();
    },

    get serverRun() {
      return serverRun;
    },

    get cause() {
      return isUsable() ? null : codeOf(whyNot());
    },

    key: (name) => keyPrefix + name,

    connect() {
      if (isUsable()) return Promise.resolve();
      if (closed) return Promise.reject(whyNot());
      opening ??= new Promise((resolve, reject) => {
        settleOpening = (error) => {
          settleOpening = undefined;
          if (error === undefined) resolve();
          else reject(error);
        };
        // Its outcome arrives as events.
        client.connect().catch(ignore);
      });
      return settleOpening === undefined ? Promise.reject(whyNot()) : opening;
    },

    call(call) {
      calls.add(call);
    },

    run<Reply>(
      script: RedisScript,
      keys: readonly string[],
      args: readonly string[],
      options: RunOptions<Reply> = {},
    ) {
      const { timeoutMs = Infinity, read = (reply) => reply as Reply } = options;
      return new Promise<Reply>((resolve, reject) => {
        const call = {
          script,
          keys,
          giveUpMs: Infinity,
          args(sentMs: number) {
            call.giveUpMs = sentMs + timeoutMs;
            return args;
          },
          answered(reply: unknown) {
            resolve(read(reply));
          },
          failed: reject,
        };
        calls.add(call);
      });
    },

    post(script, keys, args, failed) {
      calls.add({
        script,
        keys,
        args: () => args,
        giveUpMs: Infinity,
        isPatient: true,
        answered: ignore,
        failed,
      });
    },

    createSubscriber() {
      const subscriber = new Redis({
        ...policyFor(target),
        retryStrategy: () => null,
      });
      subscriber.on('error', ignore);
      // Nothing else is sent on this connection that would show that it is dead.
      const pings = setInterval(() => {
        if (subscriber.status === 'ready') subscriber.ping().catch(ignore);
      }, heartbeatMs).unref();
      subscriber.once('end', () => {
        clearInterval(pings);
        subscribers.delete(subscriber);
      });
      subscribers.add(subscriber);
      return subscriber;
    },

    close() {
      closed = true;
      clearInterval(heartbeat);
      calls.flush();
      for (const redis of [client, ...subscribers]) redis.disconnect();
    },
  };
}

/** For failures that are reported elsewhere, too. */
function ignore(): void {
  return undefined;
}

/** The options that all connections have in common. */
function policyFor({ host, port, tls, username, password }: RedisTarget) {
  return {
    host,
    port,
    // The certificate is checked against `host` in any case; RFC 6066 has no addresses as names.
    ...(tls && { tls: isIP(host) === 0 ? { servername: host } : {} }),
    ...(username !== null && { username }),
    ...(password !== null && { password }),
    lazyConnect: true,
    // A probe finds more than the check by INFO, and a subscription made during the check would be lost.
    enableReadyCheck: false,
    connectTimeout: connectTimeoutMs,
    disconnectTimeout: disconnectTimeoutMs,
    socketTimeout: silenceMs,
  } satisfies RedisOptions;
}

function reconnectDelayMs(attempt: number): number {
  return Math.min(firstReconnectDelayMs * attempt, longestReconnectDelayMs);
}
