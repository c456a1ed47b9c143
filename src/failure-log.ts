import type { Logger } from './telemetry/logger.ts';

export interface FailureLogOptions {
  readonly logger: Pick<Logger, 'warn' | 'info'>;
  /** What fails, as the message of the lines. */
  readonly what: string;
}

/** Tells why something out of reach fails: once, and again when the reason changes. */
export interface FailureLog {
  /** @param outcome - What came of it, in a word. */
  failed(outcome: string | number, cause?: unknown): void;
  ended(): void;
}

/**
 * One line for each reason, with how often it was met in a row before, so that a failure under load
 * does not fill the log.
 */
export function createFailureLog({ logger, what }: FailureLogOptions): FailureLog {
  let reason: string | null = null;
  let failures = 0;

  return {
    failed(outcome, cause) {
      failures += 1;
      const next = `${outcome} ${reasonOf(cause)}`;
      if (next === reason) return;
      const err = cause instanceof Error ? cause : undefined;
      logger.warn({ outcome, failures, err }, what);
      reason = next;
      failures = 0;
    },
    ended() {
      if (reason === null) return;
      logger.info({ failures: failures + 1 }, `${what}: well again`);
      reason = null;
      failures = 0;
    },
  };
}

/** Equal for failures of one reason, whatever port or request they were met on. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return `${code} ${reasonOf(error.cause)}`;
}
