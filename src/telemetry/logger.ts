import { pino, type Bindings, type DestinationStream, type Logger as PinoLogger } from 'pino';

import { LogSink, openStandardOutput } from './log-sink.ts';
import { loggedError } from './logged-error.ts';
import { composeRequestLine, isoTime, type RequestLine } from './request-line.ts';

export type { RequestLine } from './request-line.ts';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** pino's logger, with the additions of the gateway. */
export type Logger = LogExtras & PinoLogger;

interface LogExtras {
  /** Creates a logger whose lines also have `bindings`, after the time. */
  child(bindings: Bindings): Logger;
  /** Logs a request that has ended: at `error` where the status is 500, else at `info`. */
  request(line: RequestLine): void;
  /**
   * Writes the kept lines, blocking for at most `maxMs` milliseconds where the reader is behind. It is
   * called automatically after a `fatal` line and when the process ends.
   *
   * @param maxMs - @default 200
   * @returns Whether everything was written; true with a `destination`, for which no lines are kept.
   */
  flushSync(maxMs?: number): boolean;
  /** How many lines were dropped because the reader was behind. */
  droppedLines(): number;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /**
   * Receives each line when it is logged.
   *
   * @default standard output: `warn` and above at once, the rest within 50 ms, in order. The gateway never
   *   waits for it: beyond 1 MiB of unwritten lines, lines are dropped and counted.
   */
  readonly destination?: DestinationStream | undefined;
}

const maxFlushMs = 200;

/**
 * Creates a structured log with one JSON object a line. Every logged field is chosen explicitly, and none
 * is a request body, a header or a context, so that nothing has to be redacted.
 */
export function createLogger({ level, destination }: LoggerOptions): Logger {
  const standardOutput = new StandardOutput((lines) => {
    logger.warn({ lines }, 'log lines dropped: the reader was too slow');
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
  // A child has its parent as the prototype, but its own `request`.
  return Object.assign(logger, {
    flushSync: (maxMs?: number) => standardOutput.flushSync(maxMs),
    droppedLines: () => standardOutput.droppedLines,
  }) as PinoLogger as Logger;
}

/** The level is the first member of each line. */
const urgent = /^\{"level":"(?:warn|error|fatal)"/;

/** Opens standard output with the first line, so that a silent logger opens nothing. */
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
