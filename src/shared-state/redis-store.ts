import { LRUCache } from 'lru-cache';

import { decide } from '../rate-limit/decision.ts';
import type { RateLimitWindow } from '../rate-limit/limit.ts';
import { digestUser, type CallCost, type RateLimitDecision } from '../rate-limit/store.ts';
import { limitScript, readUsages, windowsText } from './limit-script.ts';
import type { RedisCall } from './redis-calls.ts';
import type { RedisConnection } from './redis-connection.ts';
import { RedisReplyError, UncountedCallError } from './redis-failure.ts';
import { ReplyTimeoutError, withinTimeout } from './reply-timeout.ts';
import type { RemoteStore } from './resilient-store.ts';

export interface RedisStoreOptions {
  readonly connection: RedisConnection;
  /**
   * Milliseconds a call may take.
   *
   * @default 50
   */
  readonly timeoutMs?: number;
  /**
   * For tests: milliseconds to count by instead of the time of Redis, by which keys still expire.
   *
   * @default the time of Redis
   */
  readonly now?: (() => number) | undefined;
}

/**
 * The share of the time-out that is left for the reply, so that the reply to a call that is charged at
 * its deadline still arrives in time.
 */
const replyShare = 0.1;

/** How long a probe waits for the first connection, which goes on being made in the background. */
const connectTimeoutMs = 1_000;

const probeWindows: readonly RateLimitWindow[] = [{ name: 'probe', windowMs: 1, max: 1 }];

/** Users whose digests are remembered; some 2 MB. */
const maxDigests = 10_000;

/**
 * Counts in Redis (5 or later), by Redis' clock, for all processes that share it. Each call takes one
 * round trip, with the one exception below.
 *
 * A call that timed out is not charged later, however late its script arrives: each call carries a
 * deadline in Redis' own time, which is before its time-out (see {@link RedisClock}; the connection
 * keeps it fresh). This holds unless Redis' clock is set back, or drifts by more than 1000 ppm, between
 * the last reply and the late arrival. A call can still be charged and time out where the reply alone
 * takes more than a tenth of the time-out.
 *
 * Where Redis' clock was set forward, or this process was suspended, the deadline has passed before
 * the script arrives, and it charges nothing. The reply tells the time; the call is made once more
 * where another round trip like the first fits into the time-out, and is otherwise not counted.
 */
export function createRedisStore(options: RedisStoreOptions): RemoteStore {
  const { connection, timeoutMs = 50, now } = options;
  let hasAnswered = false;
  let probes = 0;
  const digests = new LRUCache<string, string>({ max: maxDigests, memoMethod: digestUser });
  const texts = new WeakMap<readonly RateLimitWindow[], string>();

  function textOf(windows: readonly RateLimitWindow[]): string {
    let text = texts.get(windows);
    if (text === undefined) texts.set(windows, (text = windowsText(windows)));
    return text;
  }

  /** Waits while the first connection is being made. That it fails is reported by the probe. */
  async function firstConnection(patienceMs: number): Promise<void> {
    try {
      await withinTimeout(connection.connect(), patienceMs);
    } catch (error) {
      if (!(error instanceof ReplyTimeoutError)) throw error;
      throw new UncountedCallError('The connection to Redis is still being made.');
    }
  }

  function ask(
    key: string,
    windows: readonly RateLimitWindow[],
    cost: CallCost,
    allowedMs: number,
  ): Promise<RateLimitDecision> {
    return new Promise((resolve, reject) => {
      const call = new LimitCall(
        { key, windows, text: textOf(windows), cost, allowedMs, now },
        connection,
        resolve,
        reject,
      );
      if (connection.usable) connection.call(call);
      else {
        call.begin(performance.now());
        firstConnection(allowedMs).then(() => {
          connection.call(call);
        }, reject);
      }
    });
  }

  return {
    consume({ user, group }, windows, cost = 1) {
      const key = connection.key(`rate-limit:${digests.memo(user)}:${group}`);
      return ask(key, windows, cost, timeoutMs);
    },

    async probe() {
      await withinTimeout(connection.connect(), connectTimeoutMs);
      // The probe writes, because a read-only replica and a server without memory refuse only writes. Its
      // key is new each time, so that the state of one key is not taken for that of the server.
      probes += 1;
      const key = connection.key(`rate-limit:probe:${connection.processId}:${probes}`);
      // A process that has just started may stall.
      const allowedMs = hasAnswered ? timeoutMs : Math.max(timeoutMs, connectTimeoutMs);
      await ask(key, probeWindows, 1, allowedMs).catch((error: unknown) => {
        // A call with a new key fails only because of the server,
        const isRefused = error instanceof UncountedCallError && error.cause !== undefined;
        const cause = isRefused ? error.cause : error;
        // except that another node of a cluster may hold the key: this node then answers for its own keys.
        if (!(cause instanceof RedisReplyError && cause.code === 'MOVED')) throw cause;
      });
      hasAnswered = true;
    },
  };
}

interface LimitQuestion {
  readonly key: string;
  readonly windows: readonly RateLimitWindow[];
  /** The windows, as the script reads them. */
  readonly text: string;
  readonly cost: CallCost;
  readonly allowedMs: number;
  readonly now: (() => number) | undefined;
}

class LimitCall implements RedisCall {
  readonly script = limitScript;
  readonly keys: readonly string[];
  giveUpMs = NaN;
  #sentMs = NaN;
  readonly #question: LimitQuestion;
  readonly #connection: RedisConnection;
  readonly #resolve: (decision: RateLimitDecision) => void;
  readonly #reject: (error: Error) => void;

  constructor(
    question: LimitQuestion,
    connection: RedisConnection,
    resolve: (decision: RateLimitDecision) => void,
    reject: (error: Error) => void,
  ) {
    this.keys = [question.key];
    this.#question = question;
    this.#connection = connection;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Starts the time-out: when the call is first sent, or earlier where it waits for a connection. */
  begin(nowMs: number): void {
    this.giveUpMs = nowMs + this.#question.allowedMs;
  }

  args(sentMs: number): readonly string[] {
    const { text, cost, allowedMs, now } = this.#question;
    if (Number.isNaN(this.giveUpMs)) this.begin(sentMs);
    this.#sentMs = sentMs;
    const lastMs = this.giveUpMs - replyShare * allowedMs;
    const deadlineUs = this.#connection.clock.surelyReachedAt(lastMs, sentMs);
    const countedUs = now === undefined ? '' : String(Math.floor(now() * 1000));
    return [String(deadlineUs), countedUs, cost === 1 ? '1' : '0', text];
  }

  answered(reply: unknown, receivedMs: number): void {
    const { windows, cost } = this.#question;
    const usages = readUsages(reply, windows);
    if (usages !== null) this.#resolve(decide(usages, cost));
    else if (2 * receivedMs - this.#sentMs <= this.giveUpMs) this.#connection.call(this);
    else this.failed(new UncountedCallError('The call reached Redis after its deadline.'));
  }

  failed(error: Error): void {
    this.#reject(
      error instanceof RedisReplyError
        ? new UncountedCallError('Redis answered the call with an error.', { cause: error })
        : error,
    );
  }
}
