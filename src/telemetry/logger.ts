import { pino, type Bindings, type DestinationStream, type Logger as PinoLogger } from 'pino';

import { LogSink, openStandardOutput } from './log-sink.ts';
import { loggedError } from './logged-error.ts';
import { composeRequestLine, isoTime, type RequestLine } from './request-line.ts';

export type { RequestLine } from './request-line.ts';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** pino's logger, and what a gateway's log does besides. */
export type Logger = LogExtras & PinoLogger;

interface LogExtras {
  /** A logger whose lines also have `bindings`, behind the time. */
  child(bindings: Bindings): Logger;
  /** Logs a request that has ended: at `error` where it was answered with 500, else at `info`. */
  request(line: RequestLine): void;
  /**
   * Writes what is kept of the log, blocking for at most `maxMs` where the reader is behind. It
   * happens by itself after a `fatal` line and when the process ends.
   *
   * @param maxMs - @default 200
   * @returns Whether everything was written; true with a `destination`, which keeps its own lines.
   */
  flushSync(maxMs?: number): boolean;
  /** How many lines were dropped because nobody took them. */
  droppedLines(): number;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /**
   * Takes each line as it is logged.
   *
   * @default standard output: `warn` and above at once, the rest within 50 ms, in order. It is never
   *   waited for: beyond 1 MiB that nobody takes, lines are dropped and counted.
   */
  readonly destination?: DestinationStream | undefined;
}

const maxFlushMs = 200;

/**
 * Structured logs, one JSON object a line. What is logged is chosen field by field: never a request
 * body, a header or a context, so there is nothing to redact afterwards.
 */
export function createLogger({ level, destination }: LoggerOptions): Logger {
  const standardOutput = new StandardOutput((lines) => {
    logger.warn({ lines }, 'log lines dropped: nobody took them in time');
  });
  const stream = destination ?? standardOutput;
  const addRequestLine = (target: PinoLogger): void => {
    const bindings = JSON.stringify(target.bindings()).slice(1, -1);
    const request = (line: RequestLine): void => {
      const lineLevel = line.status === 500 ? 'error' : 'info';
      if (!target.isLevelEnabled(lineLevel)) return;
      stream.write(composeRequestLine(lineLevel, isoTime(), bindings, line));
    };
    Object.assign(target, { request });
  };
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${isoTime()}"`,
      formatters: { level: (label: string) => ({ level: label }) },
      serializers: { err: (error: unknown) => loggedError(error) },
      onChild: addRequestLine,
    },
    stream,
  );
  addRequestLine(logger);
  // A child has the logger it was made of as its prototype, and a request line of its own.
  return Object.assign(logger, {
    flushSync: (maxMs?: number) => standardOutput.flushSync(maxMs),
    droppedLines: () => standardOutput.droppedLines,
  }) as PinoLogger as Logger;
}

/** The level stands first in each line. */
const urgent = /^\{"level":"(?:warn|error|fatal)"/;

/** Opened with the first line, so that a logger that says nothing opens nothing. */
class StandardOutput implements DestinationStream {
  readonly #onResumed: (droppedLines: number) => void;
  #sink: LogSink | undefined;

  constructor(onResumed: (droppedLines: number) => void) {
    this.#onResumed = onResumed;
  }

  get droppedLines(): number {
    return this.#sink?.droppedLines ?? 0;
  }

  write(line: string): void {
    (this.#sink ??= this.#open()).write(line, urgent.test(line));
  }

  /** pino calls it after a `fatal` line. */
  flushSync(maxMs = maxFlushMs): boolean {
    return this.#sink?.flush(maxMs) ?? true;
  }

  /** What pino's own `flush` calls. */
  flush(callback?: () => void): void {
    this.flushSync();
    callback?.();
  }

  #open(): LogSink {
    process.once('exit', () => this.flushSync());
    return new LogSink({ write: openStandardOutput(), onResumed: this.#onResumed });
  }
}
