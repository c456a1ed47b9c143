import { randomBytes } from 'node:crypto';

import type { Clock } from '../rate-limit/clock.ts';
import { decide } from '../rate-limit/decision.ts';
import type { RateLimitWindow } from '../rate-limit/limit.ts';
import { digestUser, type CallCost, type RateLimitDecision } from '../rate-limit/store.ts';
import { limitScript, parseLimitReply } from './limit-script.ts';
import type { RedisConnection } from './redis-connection.ts';
import {
  RedisReplyError,
  ReplyTimeoutError,
  UncountedCallError,
  withinTimeout,
} from './redis-failure.ts';
import type { RemoteStore } from './resilient-store.ts';

export interface RedisStoreOptions {
  /** The store owns it: `close` ends it. */
  readonly connection: RedisConnection;
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

const probeWindows: readonly RateLimitWindow[] = [{ name: 'probe', windowMs: 1, max: 1 }];

/**
 * Counts in Redis (5 or later), by Redis' clock, for all processes that share it. One round trip a
 * call, the first and those after a quiet time too; see below for the one exception.
 *
 * A call that is given up is not charged later, however late its script arrives: each carries a
 * deadline in Redis' own time, before the moment it is given up (see {@link RedisClock}, which the
 * connection reads when it is made and keeps fresh). This holds unless Redis' clock is set back, or
 * drifts by more than 1000 ppm, between the last reply and the late arrival. What can still happen
 * is that a call charged in time is not heard of, when the reply alone takes more than a tenth of the
 * time-out.
 *
 * Where Redis' clock was set forward, or this process was suspended, the deadline has passed before
 * the script arrives, and it charges nothing. The reply tells the time; the call is made once more
 * where another round trip like the first fits into the time-out, and is else not counted.
 */
export function createRedisStore(options: RedisStoreOptions): RemoteStore {
  const { connection, timeoutMs = 50, clock } = options;
  let hasAnswered = false;
  let probes = 0;
  const processId = randomBytes(9).toString('base64url');

  async function decideBy(
    giveUpMs: number,
    allowedMs: number,
    key: string,
    windows: readonly RateLimitWindow[],
    cost: CallCost,
  ): Promise<RateLimitDecision> {
    const limits = windows.flatMap(({ windowMs, max }) => [windowMs * 1000, max]);
    const countBy = clock === undefined ? '' : Math.floor(clock.now() * 1000);
    for (;;) {
      const sentMs = performance.now();
      const lastMs = giveUpMs - replyShare * allowedMs;
      const deadlineUs = connection.clock.surelyReachedAt(lastMs, sentMs);
      const args = [deadlineUs, countBy, cost, ...limits];
      const reply = parseLimitReply(await connection.run(limitScript, [key], args), windows);
      const receivedMs = performance.now();
      connection.clock.observe(sentMs, receivedMs, reply.redisUs);
      if (reply.usages !== null) return decide(reply.usages, cost);
      if (receivedMs + (receivedMs - sentMs) > giveUpMs) {
        throw new UncountedCallError('The call reached Redis after its deadline.');
      }
    }
  }

  /** @throws {UncountedCallError} Where the fault is the call's own. */
  async function consumeBy(
    giveUpMs: number,
    key: string,
    windows: readonly RateLimitWindow[],
    cost: CallCost,
  ): Promise<RateLimitDecision> {
    if (!connection.usable) await firstConnection(giveUpMs - performance.now());
    try {
      return await decideBy(giveUpMs, timeoutMs, key, windows, cost);
    } catch (error) {
      if (!(error instanceof RedisReplyError)) throw error;
      throw new UncountedCallError('Redis answered the call with an error.', { cause: error });
    }
  }

  /** Waits for it where it is still being made: whoever makes it tells when it fails. */
  async function firstConnection(patienceMs: number): Promise<void> {
    try {
      await withinTimeout(connection.connect(), patienceMs);
    } catch (error) {
      if (!(error instanceof ReplyTimeoutError)) throw error;
      throw new UncountedCallError('The connection to Redis is still being made.');
    }
  }

  return {
    consume({ user, group }, windows, cost = 1) {
      const key = connection.key(`rate-limit:${digestUser(user)}:${group}`);
      return new Promise((resolve, reject) => {
        connection.sendTogether(() => {
          const giveUpMs = performance.now() + timeoutMs;
          withinTimeout(consumeBy(giveUpMs, key, windows, cost), timeoutMs).then(resolve, reject);
        });
      });
    },

    async probe() {
      await withinTimeout(connection.connect(), connectTimeoutMs);
      // One that writes: a read-only replica, or a server out of memory, answers all but that. A key
      // of its own each time, so that nothing about one key is taken for the state of the server.
      probes += 1;
      const key = connection.key(`rate-limit:probe:${processId}:${probes}`);
      // A process that has just started is busy with itself.
      const allowedMs = hasAnswered ? timeoutMs : Math.max(timeoutMs, connectTimeoutMs);
      const giveUpMs = performance.now() + allowedMs;
      await withinTimeout(decideBy(giveUpMs, allowedMs, key, probeWindows, 1), allowedMs);
      hasAnswered = true;
    },

    close() {
      connection.close();
    },
  };
}
