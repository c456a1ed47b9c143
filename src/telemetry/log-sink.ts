import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { isatty } from 'node:tty';

/**
 * Takes bytes as `fs.writeSync` does, without waiting.
 *
 * @returns How many bytes were taken.
 * @throws An error with `code` `EAGAIN` where the reader is behind; any other where nobody can take
 *   them, such as `EPIPE` (the reader is gone) or `ENOSPC` (the disk is full).
 */
export type WriteBytes = (bytes: Uint8Array, offset: number, length: number) => number;

/** Where time comes from, so that tests can let it stand still. Times in milliseconds. */
export interface SinkClock {
  now(): number;
  /** Calls `run` once, later, without keeping the process alive for it. */
  after(delayMs: number, run: () => void): void;
  /** Blocks the thread. */
  sleep(ms: number): void;
}

export interface LogSinkOptions {
  readonly write: WriteBytes;
  /** Told how many lines were dropped, at the place in the log where they are missing. */
  readonly onResumed?: ((droppedLines: number) => void) | undefined;
  /** What is kept of lines that nobody has taken yet, in bytes. @default 1 MiB */
  readonly maxBytes?: number | undefined;
  /** @default the real time */
  readonly clock?: SinkClock | undefined;
}

/** Lines are promised within 50 ms; a timer may be some milliseconds late. */
const lineDelayMs = 30;
/** With this much to write, writing is not put off. A pipe takes 64 KiB. */
const blockBytes = 16_384;
const initialBytes = 65_536;
/** After a write that failed, the next attempt; each failure doubles the wait up to the maximum. */
const firstRetryMs = 5;
const maxRetryMs = 100;
const flushPollMs = 5;

/**
 * Lines on their way to a descriptor. Neither {@link write} nor {@link flush} waits for a reader
 * beyond its bound, whether the reader is slow, stalled or gone, or the disk is full: lines are kept
 * up to `maxBytes`, and what comes then is dropped and counted. Once at least half of the buffer is
 * free again, `onResumed` is told, and lines are taken again. Lines are never reordered, and only
 * ever dropped whole.
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

  /** What is not written yet is from `#from` to `#to`. */
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
  /** 0 while lines flow. */
  #retryMs = 0;
  /** Whether a flush waited in vain since bytes were last taken. */
  #hasGivenUp = false;

  constructor({ write, onResumed, maxBytes = 1_048_576, clock = realClock }: LogSinkOptions) {
    this.#take = write;
    this.#onResumed = onResumed;
    this.#maxBytes = maxBytes;
    this.#clock = clock;
    this.#buffer = Buffer.allocUnsafeSlow(initialBytes);
  }

  /** Lines dropped since the start. */
  get droppedLines(): number {
    return this.#droppedLines;
  }

  /**
   * @param line - A whole line with its line feed.
   * @param isUrgent - Written at once where lines flow, and admitted to the last sixteenth of the
   *   buffer, which other lines leave free.
   */
  write(line: string, isUrgent: boolean): void {
    if (!this.#append(line, isUrgent)) {
      this.#droppedLines += 1;
      this.#unreportedLines += 1;
      this.#isDropping = true;
    }
    // After a failed attempt the next one is due on time: one for each line could be thousands.
    if (this.#retryMs > 0) return;
    if (isUrgent || this.#to - this.#from >= blockBytes) this.#drain();
    else this.#schedule(lineDelayMs);
  }

  /**
   * Writes what is kept, blocking the thread for at most `maxMs` while the reader is behind. It does
   * not wait where the reader is gone or the disk is full, nor again after it gave up, until bytes
   * are taken: fatal handlers and the process's exit may all flush.
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
    // A UTF-16 code unit takes at most three bytes of UTF-8; counting them is left for where it matters.
    const most = line.length * 3;
    if (most > room && Buffer.byteLength(line) > room) return false;
    if (most > this.#buffer.length - this.#to) this.#makeRoom(Buffer.byteLength(line));
    this.#to += this.#buffer.write(line, this.#to);
    return true;
  }

  /** Moves what is kept to the front, or, where the buffer is half full, into one twice as large. */
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
    // The line that reports dropped ones is written from inside, and taken along.
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
 * Standard output as something that never waits: `EAGAIN` where a pipe, a socket or a terminal is
 * full. A write to a file is left to the system's cache.
 *
 * Node has no `fcntl`. It makes a pipe or a socket non-blocking when `process.stdout` is made, but a
 * terminal blocking; and the mode belongs to all processes that share the stream, so that another
 * one's end can undo it. Where the system lets a pipe or a terminal be opened anew by its
 * descriptor, as Linux does, that is a mode of our own. It cannot be for sockets, nor where the
 * stream is another user's.
 */
export function openStandardOutput(): WriteBytes {
  // Without a listener, what fails on `process.stdout` would end the process.
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
