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
  /** All that will be called. */
  readonly scripts: readonly RedisScript[];
}

/** The one connection for commands of all that replicas share. */
export interface RedisConnection {
  /** Whether commands can be sent: it is connected, and is what the configuration asks for. */
  readonly usable: boolean;
  /** The word for why it is not usable, as far as is known; `null` where it is. */
  readonly cause: string | null;
  /** What Redis' clock is known to read; kept fresh while the connection is usable. */
  readonly clock: RedisClock;
  /** What names the run of the server that is connected, or was last: another one after a restart. */
  readonly serverRun: string;
  /** Names this process among all that share the Redis. */
  readonly processId: string;
  /** The name of a key or channel as Redis has it: with the prefix. */
  key(name: string): string;
  /**
   * Connects, the first time it is called. Resolves once the connection is usable, at once where it
   * is. Rejects once the first attempt has failed, and at once while a later one is under way.
   *
   * @throws {NotConnectedError}
   * @throws {UnusableRedisError} Where Redis is a cluster, or does not have the database.
   */
  connect(): Promise<void>;
  /**
   * Calls a script; see {@link RedisCalls}. It fails with a {@link NotConnectedError} or with the
   * {@link RedisReplyError} that Redis answered with.
   */
  call(call: RedisCall): void;
  /**
   * Calls a script, and waits for the answer as long as the connection lasts.
   *
   * @param keys - As Redis has them: see `key`.
   * @param isPatient - See `RedisCall`. @default false
   * @throws as `call` fails.
   */
  run(
    script: RedisScript,
    keys: readonly string[],
    args: readonly (string | number)[],
    isPatient?: boolean,
  ): Promise<unknown>;
  /**
   * A connection of its own to subscribe on. It connects when it is first used, and once it is lost it
   * is over: what is published until there is another one is lost, which only its user can make up for.
   * `close` ends it, too.
   */
  createSubscriber(): Redis;
  close(): void;
}

/**
 * A server that has not answered for this long is given up, and connected to anew. Long, as a stall
 * of this process looks the same here.
 */
const silenceMs = 5_000;
const connectTimeoutMs = 2_000;
/** A server that does not close its side at the end is waited for no longer: the process may be ending. */
const disconnectTimeoutMs = 200;
const firstReconnectDelayMs = 50;
const longestReconnectDelayMs = 500;

/**
 * The clock is read where no reply told it since the last beat, so that it was read less than two
 * seconds ago. In that time two clocks can drift apart by 2 ms: the part of a call's time that is lost
 * to not knowing better. It also finds dead connections.
 */
const heartbeatMs = 1_000;

/**
 * An ioredis client that connects when first asked to, keeps trying for ever, and never keeps a
 * command for a later connection. A connection is used once the database is selected, the server is
 * known to be no cluster, and its clock is read.
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
    // A master that was demoted answers, and refuses every write for as long as one stays with it.
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
      // The client does not see the errors of the calls in an answer.
      if (isAboutThisServer(error) && isUsable()) {
        failure = explained;
        client.disconnect(true);
      }
      return explained;
    },
  });
  client.on('error', (error: Error) => {
    // A database that cannot be selected is told by what sets the connection up.
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
        // What it meets arrives as events.
        client.connect().catch(ignore);
      });
      return settleOpening === undefined ? Promise.reject(whyNot()) : opening;
    },

    call(call) {
      calls.add(call);
    },

    run(script, keys, args, isPatient = false) {
      return new Promise((resolve, reject) => {
        calls.add({
          script,
          keys,
          args: () => args,
          giveUpMs: Infinity,
          isPatient,
          answered: resolve,
          failed: reject,
        });
      });
    },

    createSubscriber() {
      const subscriber = new Redis({
        ...policyFor(target),
        retryStrategy: () => null,
      });
      subscriber.on('error', ignore);
      // Nothing else is sent on it that would find a dead connection.
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

/** For what is told elsewhere, too. */
function ignore(): void {
  return undefined;
}

/** What all connections have in common. */
function policyFor({ host, port, tls, username, password }: RedisTarget) {
  return {
    host,
    port,
    // The certificate is checked against `host` in any case; RFC 6066 has no addresses as names.
    ...(tls && { tls: isIP(host) === 0 ? { servername: host } : {} }),
    ...(username !== null && { username }),
    ...(password !== null && { password }),
    lazyConnect: true,
    // A probe tells more than INFO does, and a subscription during the check would be lost.
    enableReadyCheck: false,
    connectTimeout: connectTimeoutMs,
    disconnectTimeout: disconnectTimeoutMs,
    socketTimeout: silenceMs,
  } satisfies RedisOptions;
}

function reconnectDelayMs(attempt: number): number {
  return Math.min(firstReconnectDelayMs * attempt, longestReconnectDelayMs);
}
