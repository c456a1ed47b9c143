import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { isatty } from 'node:tty';

/**
 * Writes bytes as `fs.writeSync` does, without waiting.
 *
 * @returns How many bytes were written.
 * @throws {Error} With `code` `EAGAIN` where the reader is behind; with another one where the bytes cannot
 *   be written, such as `EPIPE` (the reader is gone) or `ENOSPC` (the disk is full).
 */
export type WriteBytes = (bytes: Uint8Array, offset: number, length: number) => number;

/** The source of time, which tests replace by one that stands still. All times are in milliseconds. */
export interface SinkClock {
  /** By a monotonic clock. */
  now(): number;
  /** Calls `run` once, later, without keeping the process alive for it. */
  after(delayMs: number, run: () => void): void;
  /** Blocks the thread. */
  sleep(ms: number): void;
}

export interface LogSinkOptions {
  readonly write: WriteBytes;
  /** Called with the number of dropped lines, at the place in the log where they are missing. */
  readonly onResumed?: ((droppedLines: number) => void) | undefined;
  /** How many bytes of unwritten lines are kept. @default 1 MiB */
  readonly maxBytes?: number | undefined;
  /** @default the real time */
  readonly clock?: SinkClock | undefined;
}

/** Lines are promised within 50 ms; a timer may be some milliseconds late. */
const lineDelayMs = 30;
/** With this many bytes to write, the write is not delayed. A pipe holds 64 KiB. */
const blockBytes = 16_384;
const initialBytes = 65_536;
/** The delay after a failed write; each further failure doubles it, up to the maximum. */
const firstRetryMs = 5;
const maxRetryMs = 100;
const flushPollMs = 5;

/**
 * A buffer of lines that are written to a descriptor. Neither {@link write} nor {@link flush} waits for
 * a reader beyond its bound, whether the reader is slow, stalled or gone, or the disk is full: lines are
 * kept up to `maxBytes`, and further lines are dropped and counted. Once at least half of the buffer is
 * free again, `onResumed` is called, and lines are accepted again. Lines are never reordered, and only
 * dropped whole.
 */
export class LogSink {
  readonly #take: WriteBytes;
  readonly #onResumed: ((droppedLines: number) => void) | undefined;
  readonly #maxBytes: number;
  readonly #clock: SinkClock;
  readonly #drainOnTime = (): void => {
    this.#isScheduled = false;
    this.#drain();
  };

  /** The unwritten bytes are from `#from` to `#to`. */
  #buffer: Buffer;
  #from = 0;
  #to = 0;
  #droppedLines = 0;
  #unreportedLines = 0;
  #isDropping = false;
  #isScheduled = false;
  #isDraining = false;
  /** Whether the last attempt failed because the reader is behind. */
  #isFull = false;
  /** The delay before the next attempt; 0 while writes succeed. */
  #retryMs = 0;
  /** Whether a flush has timed out since bytes were last written. */
  #hasGivenUp = false;

  constructor({ write, onResumed, maxBytes = 1_048_576, clock = realClock }: LogSinkOptions) {
    this.#take = write;
    this.#onResumed = onResumed;
    this.#maxBytes = maxBytes;
    this.#clock = clock;
    this.#buffer = Buffer.allocUnsafeSlow(initialBytes);
  }

  /** The number of lines dropped since the start. */
  get droppedLines(): number {
    return this.#droppedLines;
  }

  /**
   * Adds a line, or drops it.
   *
   * @param line - A whole line with its line feed.
   * @param isUrgent - Whether it is written at once while writes succeed, and may use the last sixteenth
   *   of the buffer, which other lines leave free.
   */
  write(line: string, isUrgent: boolean): void {
    if (!this.#append(line, isUrgent)) {
      this.#droppedLines += 1;
      this.#unreportedLines += 1;
      this.#isDropping = true;
    }
    // After a failed attempt the timer makes the next one: an attempt for each line could be thousands.
    if (this.#retryMs > 0) return;
    if (isUrgent || this.#to - this.#from >= blockBytes) this.#drain();
    else this.#schedule(lineDelayMs);
  }

  /**
   * Writes the kept lines, blocking the thread for at most `maxMs` milliseconds while the reader is
   * behind. It does not wait where the reader is gone or the disk is full. Once it has timed out, it does
   * not wait again until bytes are written, because fatal handlers and the exit of the process may all
   * flush.
   *
   * @returns Whether everything was written.
   */
  flush(maxMs: number): boolean {
    const deadline = this.#clock.now() + maxMs;
    while (!this.#drain()) {
      const restMs = deadline - this.#clock.now();
      if (!this.#isFull || this.#hasGivenUp || restMs <= 0) {
        this.#hasGivenUp = true;
        return false;
      }
      this.#clock.sleep(Math.min(flushPollMs, restMs));
    }
    return true;
  }

  /** @returns Whether there was room. */
  #append(line: string, isUrgent: boolean): boolean {
    if (this.#isDropping && !isUrgent) return false;
    const pending = this.#to - this.#from;
    const room = this.#maxBytes - (isUrgent ? 0 : this.#maxBytes / 16) - pending;
    // A UTF-16 code unit takes at most three bytes of UTF-8; the bytes are only counted where it matters.
    const most = line.length * 3;
    if (most > room && Buffer.byteLength(line) > room) return false;
    if (most > this.#buffer.length - this.#to) this.#makeRoom(Buffer.byteLength(line));
    this.#to += this.#buffer.write(line, this.#to);
    return true;
  }

  /** Moves the unwritten bytes to the front, or, where they fill half of the buffer, into a larger one. */
  #makeRoom(bytes: number): void {
    const old = this.#buffer;
    const needed = this.#to - this.#from + bytes;
    let size = old.length;
    while (needed > size / 2) size *= 2;
    if (size > old.length) this.#buffer = Buffer.allocUnsafeSlow(size);
    old.copy(this.#buffer, 0, this.#from, this.#to);
    this.#to -= this.#from;
    this.#from = 0;
  }

  /** @returns Whether everything was written. */
  #drain(): boolean {
    // The line that reports dropped lines is added while draining, and is written by the same loop.
    if (this.#isDraining) return false;
    this.#isDraining = true;
    try {
      for (;;) {
        if (this.#isDropping && this.#to - this.#from <= this.#maxBytes / 2) this.#resume();
        if (this.#from === this.#to) break;
        const taken = this.#attempt();
        if (taken === 0) {
          this.#retryMs = Math.min(maxRetryMs, this.#retryMs * 2 || firstRetryMs);
          this.#schedule(this.#retryMs);
          return false;
        }
        this.#from += taken;
        this.#retryMs = 0;
        this.#hasGivenUp = false;
      }
    } finally {
      this.#isDraining = false;
    }
    this.#from = 0;
    this.#to = 0;
    if (this.#buffer.length > initialBytes) this.#buffer = Buffer.allocUnsafeSlow(initialBytes);
    return true;
  }

  #attempt(): number {
    try {
      const taken = this.#take(this.#buffer, this.#from, this.#to - this.#from);
      this.#isFull = taken === 0;
      return taken;
    } catch (error) {
      this.#isFull = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
      return 0;
    }
  }

  #resume(): void {
    const lines = this.#unreportedLines;
    this.#unreportedLines = 0;
    this.#isDropping = false;
    this.#onResumed?.(lines);
  }

  #schedule(delayMs: number): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#clock.after(delayMs, this.#drainOnTime);
  }
}

/**
 * Opens standard output for writes that never wait: they fail with `EAGAIN` where a pipe, a socket or a
 * terminal is full. Writes to a file go to the system's cache.
 *
 * Node has no `fcntl`. It makes pipes and sockets non-blocking when `process.stdout` is created, but
 * terminals blocking; and the mode is shared by all processes that use the stream, so that the exit of
 * another one may reset it. Where the system lets a pipe or a terminal be opened again by its
 * descriptor, as Linux does, the new descriptor has a mode of its own. That is not possible for sockets,
 * nor where the stream belongs to another user.
 */
export function openStandardOutput(): WriteBytes {
  // Without a listener, an error of `process.stdout` would end the process.
  process.stdout.on('error', () => undefined);
  const descriptor = openAnew(1);
  return (bytes, offset, length) => writeSync(descriptor, bytes, offset, length);
}

function openAnew(descriptor: number): number {
  if (!isatty(descriptor) && !fstatSync(descriptor).isFIFO()) return descriptor;
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    return openSync(`/dev/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return descriptor;
  }
}

const realClock: SinkClock = {
  now: () => performance.now(),
  after(delayMs, run) {
    setTimeout(run, delayMs).unref();
  },
  sleep(ms) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  },
};
