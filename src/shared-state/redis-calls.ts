import type { Redis } from 'ioredis';

import type { RedisClock } from './redis-clock.ts';
import { replyError } from './redis-failure.ts';
import type { RedisProgram, RedisScript } from './redis-program.ts';
import { onceNoReplyCame, ReplyTimeoutError } from './reply-timeout.ts';

/** One call of a script. */
export interface RedisCall {
  readonly script: RedisScript;
  /** With the prefix: see `RedisConnection.key`. */
  readonly keys: readonly string[];
  /** Returns the arguments. Called when the call is sent, at `sentMs` of `performance.now()`. */
  args(sentMs: number): readonly string[];
  /**
   * When the call times out, on the same clock; read after the arguments. Infinity: the call waits as
   * long as the connection lasts.
   */
  readonly giveUpMs: number;
  /**
   * Whether the call may wait for up to 2 ms to be sent together with others, because no caller
   * waits for its reply.
   *
   * @default false
   */
  readonly isPatient?: boolean;
  /** Called with what the script returned. An error that it throws is passed to `failed`. */
  answered(reply: unknown, receivedMs: number): void;
  /** Called when there is no reply, or Redis answered with an error. */
  failed(error: Error): void;
}

export interface RedisCallsOptions {
  readonly client: Redis;
  readonly program: RedisProgram;
  /** Observes the time in each reply. */
  readonly clock: RedisClock;
  readonly isUsable: () => boolean;
  /** Returns why calls cannot be sent, or get no reply. */
  readonly whyNot: () => Error;
  /** Returns the error of a reply in the form that callers get. */
  readonly explain: (error: Error) => Error;
}

/**
 * For this long after a batch was sent, new calls are held while its reply is awaited, and are then
 * sent together, in milliseconds. A Redis on the same network replies within about that time; with a
 * distant one a call is delayed by no more than this.
 */
const holdMs = 1;
/** How long a patient call may be held, in milliseconds. */
const patienceMs = 2;
/** The largest batch: Redis does nothing else while it runs a command. */
const mostTogether = 256;

/**
 * Sends calls of scripts to Redis in batches: all calls that are made in one turn of the event loop,
 * or while a reply is about to arrive, are sent as one command. Most of the cost of a call is a write
 * and a read of the socket and the client's work on a command, and a batch shares those.
 *
 * The time-out of a call begins when it is sent, so that a stall of this process before that does not
 * count.
 *
 * ioredis' own `enableAutoPipelining` is not used: it sends nothing more before the last batch is
 * answered, so that with a Redis 30 ms away a call takes up to 60 ms; and it saves only the writes.
 */
export class RedisCalls {
  readonly #options: RedisCallsOptions;
  #waiting: RedisCall[] = [];
  #isScheduled = false;
  #held: NodeJS.Timeout | null = null;
  /** Whether a timer runs for patient calls. */
  #isTimed = false;
  #underWay = 0;
  #sentMs = -Infinity;
  #isLoaded = false;

  constructor(options: RedisCallsOptions) {
    this.#options = options;
  }

  /** Sends a call with the next batch. */
  add(call: RedisCall): void {
    this.#waiting.push(call);
    if (call.isPatient !== true) this.#schedule();
    else if (!this.#isTimed) {
      this.#isTimed = true;
      setTimeout(() => {
        this.#isTimed = false;
        this.flush();
      }, patienceMs);
    }
  }

  /** To be called when the connection was lost: the next server may not know the program. */
  connectionLost(): void {
    this.#isLoaded = false;
  }

  #schedule(): void {
    if (this.#isScheduled || this.#held !== null) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flushOrHold();
    });
  }

  #flushOrHold(): void {
    const leftMs = this.#underWay === 0 ? 0 : this.#sentMs + holdMs - performance.now();
    if (leftMs <= 0) {
      this.flush();
      return;
    }
    this.#held = setTimeout(() => {
      this.#held = null;
      this.flush();
    }, leftMs);
  }

  /** Sends all calls that wait to be sent. */
  flush(): void {
    const calls = this.#waiting;
    // The calls that the timer was set for may have been sent with another one.
    if (calls.length === 0) return;
    this.#waiting = [];
    if (calls.length <= mostTogether) this.#send(calls);
    else {
      for (let at = 0; at < calls.length; at += mostTogether) {
        this.#send(calls.slice(at, at + mostTogether));
      }
    }
  }

  #send(calls: RedisCall[]): void {
    const { isUsable, whyNot, program } = this.#options;
    if (!isUsable()) {
      for (const call of calls) call.failed(whyNot());
      return;
    }
    const sentMs = (this.#sentMs = performance.now());
    const batch = new Batch(calls, sentMs, program);
    batch.watchTime();
    this.#underWay += 1;
    this.#run(batch);
  }

  #run(batch: Batch): void {
    const { client, program, clock, explain, whyNot } = this.#options;
    const { keys, argument } = batch;
    const isLoaded = this.#isLoaded;
    const settle = (error: Error | null | undefined, reply: unknown) => {
      if (error && isLoaded && error.message.startsWith('NOSCRIPT')) {
        this.#isLoaded = false;
        this.#run(batch);
        return;
      }
      this.#underWay -= 1;
      if (error) batch.fail(error.name === 'ReplyError' ? explain(error) : whyNot());
      else {
        this.#isLoaded = true;
        batch.answer(reply, clock, explain);
      }
      this.#release();
    };
    if (isLoaded) void client.evalsha(program.sha1, keys.length, ...keys, argument, settle);
    else void client.eval(program.text, keys.length, ...keys, argument, settle);
  }

  /** The reply has arrived: calls that were held for it are sent. */
  #release(): void {
    if (this.#held === null) return;
    clearTimeout(this.#held);
    this.#held = null;
    this.#schedule();
  }
}

/** Calls that were sent together, until they have their replies. */
class Batch {
  /** `null` for each call that timed out. */
  readonly #calls: (RedisCall | null)[];
  readonly #sentMs: number;
  /** The keys of all calls, in their order. */
  readonly keys: string[] = [];
  /** The calls in the program's form: see `RedisProgram`. */
  readonly argument: string;
  #timer: NodeJS.Timeout | null = null;
  #isSettled = false;

  constructor(calls: RedisCall[], sentMs: number, program: RedisProgram) {
    this.#calls = calls;
    this.#sentMs = sentMs;
    const parts: (number | readonly string[])[] = [];
    for (const call of calls) {
      for (const key of call.keys) this.keys.push(key);
      parts.push(program.numberOf(call.script), call.keys.length, call.args(sentMs));
    }
    this.argument = JSON.stringify(parts);
  }

  /** Fails each call when it times out. */
  watchTime(): void {
    let soonestMs = Infinity;
    for (const call of this.#calls) {
      if (call !== null && call.giveUpMs < soonestMs) soonestMs = call.giveUpMs;
    }
    if (soonestMs === Infinity) return;
    const leftMs = Math.max(0, Math.ceil(soonestMs - performance.now()));
    this.#timer = onceNoReplyCame(leftMs, () => {
      this.#giveUp(soonestMs);
    });
  }

  answer(reply: unknown, clock: RedisClock, explain: (error: Error) => Error): void {
    this.#settle();
    const receivedMs = performance.now();
    const [redisUs, ...replies] = readReplies(reply);
    if (typeof redisUs !== 'number' || replies.length !== this.#calls.length) {
      this.fail(new TypeError('The program in Redis did not return a reply for each call.'));
      return;
    }
    clock.observe(this.#sentMs, receivedMs, redisUs);
    this.#calls.forEach((call, index) => {
      if (call === null) return;
      const own = replies[index];
      try {
        if (isError(own)) call.failed(explain(replyError(own.err)));
        else call.answered(own, receivedMs);
      } catch (error) {
        call.failed(error as Error);
      }
    });
  }

  fail(error: Error): void {
    this.#settle();
    for (const call of this.#calls) call?.failed(error);
  }

  #giveUp(untilMs: number): void {
    if (this.#isSettled) return;
    const allowedMs = Math.round(untilMs - this.#sentMs);
    this.#calls.forEach((call, index) => {
      if (call === null || call.giveUpMs > untilMs) return;
      this.#calls[index] = null;
      call.failed(new ReplyTimeoutError(`No reply within ${allowedMs} ms.`));
    });
    this.watchTime();
  }

  #settle(): void {
    this.#isSettled = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}

function readReplies(reply: unknown): unknown[] {
  try {
    return JSON.parse(String(reply)) as unknown[];
  } catch {
    return [];
  }
}

/** Whether the script of a call failed: see `RedisProgram`. */
function isError(reply: unknown): reply is { readonly err: string } {
  return typeof reply === 'object' && reply !== null && 'err' in reply;
}
