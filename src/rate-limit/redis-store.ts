import type { Redis } from 'ioredis';
import type { Clock } from './clock.ts';
import { decide } from './decision.ts';
import type { RateLimitWindow } from './limit.ts';
import { RedisClock } from './redis-clock.ts';
import { parseReply } from './redis-reply.ts';
import { consumeScript, consumeScriptSha } from './redis-script.ts';
import { ReplyTimeoutError, withinTimeout } from './reply-timeout.ts';
import type { CallCost, RateLimitDecision, RemoteStore } from './store.ts';
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
 * call; two for the first of a connection, after most of a minute without any, and after Redis'
 * clock was set.
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

  async function run(redisKey: string, args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await client.evalsha(consumeScriptSha, 1, redisKey, ...args);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return client.eval(consumeScript, 1, redisKey, ...args);
    }
  }

  /** undefined when Redis' clock was, or may have been, past the deadline: nothing was charged. */
  async function attempt(
    redisKey: string,
    windows: readonly RateLimitWindow[],
    cost: CallCost,
    giveUpMs: number,
  ): Promise<RateLimitDecision | undefined> {
    const sentMs = performance.now();
    if (sentMs >= giveUpMs) return undefined;
    const deadlineUs = redisClock.surelyReachedAt(giveUpMs - replyShare * timeoutMs, sentMs);
    const limits = windows.flatMap(({ windowMs, max }) => [windowMs * 1000, max]);
    const countBy = clock === undefined ? '' : Math.floor(clock.now() * 1000);
    const reply = parseReply(await run(redisKey, [deadlineUs, countBy, cost, ...limits]), windows);
    redisClock.observe(sentMs, performance.now(), reply.redisUs);
    return reply.usages === null ? undefined : decide(reply.usages, cost);
  }

  async function decideAt(
    redisKey: string,
    windows: readonly RateLimitWindow[],
    cost: CallCost,
  ): Promise<RateLimitDecision> {
    if (client.status !== 'ready') {
      throw new Error('Redis is not connected.', { cause: connectionError });
    }
    const giveUpMs = performance.now() + timeoutMs;
    const decision =
      (await attempt(redisKey, windows, cost, giveUpMs)) ??
      // Redis' time was unknown, or known too badly. By that reply it is known.
      (await attempt(redisKey, windows, cost, giveUpMs));
    if (decision === undefined) {
      throw new ReplyTimeoutError(`Redis did not get to the call within ${timeoutMs} ms.`);
    }
    return decision;
  }

  return {
    consume({ user, group }, windows, cost = 1) {
      // The hash tag keeps a user's keys in one slot of a cluster.
      const redisKey = `${prefix}:{${digestUser(user)}}:${group}`;
      return withinTimeout(decideAt(redisKey, windows, cost), timeoutMs);
    },
    async probe() {
      if (client.status === 'wait') await withinTimeout(client.connect(), connectTimeoutMs);
      // One that writes: a read-only replica, or a server out of memory, answers all but that.
      await withinTimeout(decideAt(`${prefix}:{probe}`, [probeWindow], 1), timeoutMs);
    },
    close() {
      client.disconnect();
    },
  };
}
