import type { Redis } from 'ioredis';

import type { RedisClock } from './redis-clock.ts';
import type { RedisProgram, RedisScript } from './redis-program.ts';
import { onceNoReplyCame, ReplyTimeoutError } from './reply-timeout.ts';

/** One call of a script. */
export interface RedisCall {
  readonly script: RedisScript;
  /** As Redis has them. */
  readonly keys: readonly string[];
  /** Its arguments, asked for when it is sent, at `sentMs` of `performance.now()`. */
  args(sentMs: number): readonly (string | number)[];
  /**
   * When an answer is of no use any more, on the same clock; asked for after the arguments. Infinity:
   * it waits as long as the connection lasts.
   */
  readonly giveUpMs: number;
  /**
   * Nobody waits for it: it leaves with whatever is sent next, 2 ms later at the latest.
   *
   * @default false
   */
  readonly isPatient?: boolean;
  /** Told what the script returned. What it throws is what the call fails with. */
  answered(reply: unknown, receivedMs: number): void;
  failed(error: Error): void;
}

export interface RedisCallsOptions {
  readonly client: Redis;
  readonly program: RedisProgram;
  /** Told the time in each answer. */
  readonly clock: RedisClock;
  readonly isUsable: () => boolean;
  /** Why nothing can be sent, or why what was sent is not answered. */
  readonly whyNot: () => Error;
  /** An error that Redis answered with, as the callers are told it. */
  readonly explain: (error: Error) => Error;
}

/**
 * While an answer is awaited that was asked for less than this ago, what is asked meanwhile waits to
 * be sent together, in milliseconds. With a Redis next door that is the time of its answer; with one
 * farther away it is all that a call can lose.
 */
const holdMs = 1;
/** How long a call may wait that nobody waits for, in milliseconds. */
const patienceMs = 2;
/** Redis does nothing else while it runs a command. */
const mostTogether = 256;

/**
 * Sends calls of scripts to Redis: all that are made in one turn of the event loop, and while an
 * answer is about to come, leave as one command. What one call costs is mostly a write and a read of
 * the socket and the client's work on a command, and those are then shared.
 *
 * How long Redis takes is measured from when a call is sent. A process that stalls in between has not
 * asked yet.
 *
 * ioredis' own `enableAutoPipelining` is not used: it sends nothing more before the last batch is
 * answered, so that with a Redis 30 ms away a call takes up to 60; and it saves the writes alone.
 */
export class RedisCalls {
  readonly #options: RedisCallsOptions;
  #waiting: RedisCall[] = [];
  #isScheduled = false;
  #held: NodeJS.Timeout | null = null;
  /** Whether a timer runs for what is patient. */
  #isTimed = false;
  #underWay = 0;
  #sentMs = -Infinity;
  #isLoaded = false;

  constructor(options: RedisCallsOptions) {
    this.#options = options;
  }

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

  /** Another server may be next. */
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

  /** Sends all that waits to be sent. */
  flush(): void {
    const calls = this.#waiting;
    // What the timer was set for may have left with another call.
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

  /** What was held while an answer was awaited need not wait any longer. */
  #release(): void {
    if (this.#held === null) return;
    clearTimeout(this.#held);
    this.#held = null;
    this.#schedule();
  }
}

/** Calls that were sent together, until they are answered. */
class Batch {
  /** `null` for those that were given up. */
  readonly #calls: (RedisCall | null)[];
  readonly #sentMs: number;
  /** Of all of them, one after the other. */
  readonly keys: string[] = [];
  /** In the program's form. */
  readonly argument: string;
  #timer: NodeJS.Timeout | null = null;
  #isSettled = false;

  constructor(calls: RedisCall[], sentMs: number, program: RedisProgram) {
    this.#calls = calls;
    this.#sentMs = sentMs;
    const parts: (number | readonly string[])[] = [];
    for (const call of calls) {
      for (const key of call.keys) this.keys.push(key);
      parts.push(program.numberOf(call.script), call.keys.length, call.args(sentMs).map(String));
    }
    this.argument = JSON.stringify(parts);
  }

  /** Gives up each call at its time. */
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
    const [redisUs, ...replies] = Array.isArray(reply) ? (reply as unknown[]) : [];
    if (typeof redisUs !== 'number' || replies.length !== this.#calls.length) {
      this.fail(new TypeError('The scripts in Redis did not answer each call.'));
      return;
    }
    clock.observe(this.#sentMs, receivedMs, redisUs);
    this.#calls.forEach((call, index) => {
      if (call === null) return;
      const own = replies[index];
      try {
        if (own instanceof Error) call.failed(explain(own));
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
