import { performance } from 'node:perf_hooks';

import { errorCode } from './telemetry/logged-error.ts';
import type { Logger } from './telemetry/logger.ts';

export interface FailureLogOptions {
  readonly logger: Pick<Logger, 'warn' | 'info'>;
  /** What fails, as the message of the lines. */
  readonly what: string;
  /** Where it is, for every line: not all errors know where they come from. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** Milliseconds on a clock that never jumps. @default performance.now */
  readonly now?: (() => number) | undefined;
}

/**
 * Logs why a remote service fails: once, and again when the reason changes, and that it has recovered.
 * For single calls of Redis that fail among others, of which nothing can recover, `FailureThrottle`
 * decides.
 */
export interface FailureLog {
  /** Why it fails now, in a word such as `ECONNREFUSED`; `null` where it does not. */
  readonly cause: string | null;
  /** @param outcome - What came of it, in a word. */
  failed(outcome: string | number, cause?: unknown): void;
  ended(): void;
}

/** Reasons may take turns with each other, and with successes: what is told of them stays bounded. */
const mostTold = 10;
const toldWithinMs = 60_000;

/**
 * One line for each reason, with how often it was met in a row before, so that a failure under load
 * does not fill the log; no more than ten reasons a minute.
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
      logger.info({ failures: failures + 1, host, port }, `${what}: well again`);
      reason = null;
      failures = 0;
    },
  };
}

/** Equal for failures of one reason, whatever port or request they were met on. */
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

/** Of an answer that is not the one hoped for: another status is another reason. */
function statusOf(error: Error): string {
  return 'status' in error && typeof error.status === 'number' ? String(error.status) : '';
}
