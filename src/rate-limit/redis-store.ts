import type { Redis } from 'ioredis';
import type { Clock } from './clock.ts';
import type { WindowUsage } from './decision.ts';
import { decide } from './decision.ts';
import type { RateLimitWindow } from './limit.ts';
import { RedisClock } from './redis-clock.ts';
import { consumeScript, consumeScriptSha } from './redis-script.ts';
import { ReplyTimeoutError, withinTimeout } from './reply-timeout.ts';
import type { RateLimitDecision, RateLimitKey, RateLimitStore } from './store.ts';
import { digestUser } from './user-digest.ts';

export interface RedisStoreOptions {
  /** See `createRedisClient`. The store owns it: `close` ends it. */
  readonly client: Redis;
  /** @default 'rate-limit' */
  readonly prefix?: string;
  /**
   * Milliseconds a call may take.
   *
   * @default 50
   */
  readonly timeoutMs?: number;
  /**
   * For tests: milliseconds to count by instead of Redis' own time. Keys still expire by Redis'.
   */
  readonly clock?: Clock;
}

/** A store that can be out of reach. */
export interface RemoteStore extends RateLimitStore {
  /** Rejects when the store did not answer in time or cannot count; nothing was charged then. */
  consume(key: RateLimitKey, windows: readonly RateLimitWindow[]): Promise<RateLimitDecision>;
  /** Connects where needed and counts a call of nobody. Rejects as `consume` does. */
  probe(): Promise<void>;
  close(): void;
}

/**
 * The reply has this much of the time-out for its way back. A call charged at the last moment is
 * then still heard of, and not charged without effect.
 */
const replyShare = 0.1;

/** What the first connection may take before it counts as none; it goes on in the background. */
const connectTimeoutMs = 1_000;

const probeWindow: RateLimitWindow = { name: 'probe', windowMs: 1, max: 1 };

/**
 * Counts in Redis (5 or later), by Redis' clock, for all processes that share it. One round trip a
 * call, two for the first of a connection, after half a minute of silence, or when Redis' clock was
 * set.
 *
 * A call that is given up is not charged later, however late its script arrives: each carries a
 * deadline in Redis' own time, before the moment it is given up (see {@link RedisClock}). This holds
 * unless Redis' clock is set back, or drifts by more than 1000 ppm, between the last reply and the
 * late arrival. What can still happen is that a call charged in time is not heard of, when the reply
 * alone takes more than a tenth of the time-out.
 */
export function createRedisStore(options: RedisStoreOptions): RemoteStore {
  const { client, prefix = 'rate-limit', timeoutMs = 50, clock } = options;
  const redisClock = new RedisClock();
  let connectionError: Error | undefined;

  client.on('ready', () => {
    redisClock.reset();
    connectionError = undefined;
  });
  client.on('error', (error) => {
    connectionError = error;
  });

  async function synchronise(): Promise<void> {
    const sentMs = performance.now();
    const [seconds, microseconds] = await client.time();
    redisClock.observe(sentMs, performance.now(), Number(seconds) * 1e6 + Number(microseconds));
  }

  async function run(redisKey: string, args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await client.evalsha(consumeScriptSha, 1, redisKey, ...args);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return client.eval(consumeScript, 1, redisKey, ...args);
    }
  }

  /** undefined when the script came too late, and so charged nothing. */
  async function attempt(
    redisKey: string,
    windows: readonly RateLimitWindow[],
    giveUpMs: number,
  ): Promise<RateLimitDecision | undefined> {
    const sentMs = performance.now();
    const deadlineUs = redisClock.surelyReachedAt(giveUpMs - replyShare * timeoutMs, sentMs);
    if (deadlineUs === undefined || sentMs >= giveUpMs) return undefined;
    const limits = windows.flatMap(({ windowMs, max }) => [windowMs * 1000, max]);
    const countBy = clock === undefined ? '' : Math.floor(clock.now() * 1000);
    const reply = parseReply(await run(redisKey, [deadlineUs, countBy, ...limits]));
    redisClock.observe(sentMs, performance.now(), reply.redisUs);
    return reply.inTime ? decide(windows, reply.usages) : undefined;
  }

  async function decideAt(
    redisKey: string,
    windows: readonly RateLimitWindow[],
  ): Promise<RateLimitDecision> {
    if (client.status !== 'ready') {
      throw new Error('Redis is not connected.', { cause: connectionError });
    }
    const giveUpMs = performance.now() + timeoutMs;
    const first = await attempt(redisKey, windows, giveUpMs);
    if (first !== undefined) return first;
    // Redis' time is unknown, or known too badly: ask, and try once more in what time is left.
    await synchronise();
    const second = await attempt(redisKey, windows, giveUpMs);
    if (second !== undefined) return second;
    throw new ReplyTimeoutError(`Redis did not get to the call within ${timeoutMs} ms.`);
  }

  return {
    consume({ user, group }, windows) {
      // The hash tag keeps a user's keys in one slot of a cluster.
      const redisKey = `${prefix}:{${digestUser(user)}}:${group}`;
      return withinTimeout(decideAt(redisKey, windows), timeoutMs);
    },
    async probe() {
      if (client.status === 'wait') await withinTimeout(client.connect(), connectTimeoutMs);
      // One that writes: a read-only replica, or a server out of memory, answers all but that.
      await withinTimeout(decideAt(`${prefix}:{probe}`, [probeWindow]), timeoutMs);
    },
    close() {
      client.disconnect();
    },
  };
}

interface ScriptReply {
  readonly redisUs: number;
  readonly inTime: boolean;
  readonly usages: readonly WindowUsage[];
}

function parseReply(reply: unknown): ScriptReply {
  if (!Array.isArray(reply) || !reply.every((item) => typeof item === 'number')) {
    throw new TypeError('The rate-limit script did not answer with a list of numbers.');
  }
  const [redisUs = NaN, inTime, ...numbers] = reply;
  const usages: WindowUsage[] = [];
  for (let index = 0; index < numbers.length; index += 2) {
    usages.push({ count: numbers[index] ?? NaN, freesInUs: numbers[index + 1] ?? NaN });
  }
  return { redisUs, inTime: inTime === 1, usages };
}
