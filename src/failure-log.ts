import { performance } from 'node:perf_hooks';

import { errorCode } from './telemetry/logged-error.ts';
import type { Logger } from './telemetry/logger.ts';

export interface FailureLogOptions {
  readonly logger: Pick<Logger, 'warn' | 'info'>;
  /** The service that fails, as the message of the lines. */
  readonly what: string;
  /** Its host, for every line, because not all errors contain it. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** Milliseconds by a monotonic clock. @default performance.now */
  readonly now?: (() => number) | undefined;
}

/**
 * Logs why a remote service fails: once, and again when the reason changes, and that it has recovered.
 * For single calls of Redis that fail among others, of which nothing can recover, `FailureThrottle`
 * decides.
 */
export interface FailureLog {
  /** The code that says why it fails now, such as `ECONNREFUSED`; `null` where it does not. */
  readonly cause: string | null;
  /** To be called after a failure. @param outcome - A word such as `timeout`, or a status. */
  failed(outcome: string | number, cause?: unknown): void;
  /** To be called after a success. */
  ended(): void;
}

/** Reasons may alternate with each other and with successes, so the number of lines is limited. */
const mostTold = 10;
const toldWithinMs = 60_000;

/**
 * Creates a log with one line for each change of the reason, with how many failures came before it, so
 * that a failure under load does not fill the log. At most ten such lines are written a minute.
 */
export function createFailureLog(options: FailureLogOptions): FailureLog {
  const { logger, what, host, port, now = () => performance.now() } = options;
  let told: readonly number[] = [];
  let reason: string | null = null;
  let word: string | null = null;
  let failures = 0;

  return {
    get cause() {
      return word;
    },
    failed(outcome, cause) {
      failures += 1;
      const next = `${outcome} ${reasonOf(cause)}`;
      word = wordOf(cause) ?? String(outcome);
      if (next === reason) return;
      const nowMs = now();
      told = told.filter((atMs) => nowMs - atMs < toldWithinMs);
      if (told.length >= mostTold) return;
      told = [...told, nowMs];
      const err = cause instanceof Error ? cause : undefined;
      logger.warn({ outcome, failures, host, port, err }, what);
      reason = next;
      failures = 0;
    },
    ended() {
      word = null;
      if (reason === null) return;
      logger.info({ failures: failures + 1, host, port }, `${what}: recovered`);
      reason = null;
      failures = 0;
    },
  };
}

/** The same text for failures with the same reason, whatever the port or the request was. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  return `${errorCode(error) ?? error.name} ${statusOf(error)} ${reasonOf(error.cause)}`;
}

function wordOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const code = errorCode(error);
  if (code !== null) return `${code} ${statusOf(error)}`.trimEnd();
  return wordOf(error.cause) ?? (error.name === 'Error' ? null : error.name);
}

/** The status of an unsuccessful response: another status is another reason. */
function statusOf(error: Error): string {
  return 'status' in error && typeof error.status === 'number' ? String(error.status) : '';
}
