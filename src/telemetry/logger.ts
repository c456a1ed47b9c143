import { pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';

import type { LogLevel } from '../config.ts';
import { loggedError } from './logged-error.ts';

export type { Logger } from 'pino';

export interface LoggerOptions {
  readonly level: LogLevel;
  /** @default standard output, written synchronously: a line is out before the process can end */
  readonly destination?: DestinationStream | undefined;
}

/**
 * Structured logs, one JSON object a line. What is logged is chosen field by field: never a request
 * body, a header or a context, so there is nothing to redact afterwards.
 */
export function createLogger({ level, destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: (error: unknown) => loggedError(error) },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
