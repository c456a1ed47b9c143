import type { Application } from './application.ts';
import type { Logger } from './telemetry/logger.ts';

export interface ShutdownOptions {
  /** The application, which may still be starting. */
  readonly application: Promise<Pick<Application, 'close'>>;
  readonly logger: Logger;
}

/**
 * Closes the application on the first SIGTERM or SIGINT, once it has started, then exits with 0, or
 * with 1 where it cannot be started or closed. A second signal exits at once with 1.
 */
export function endOnSignal({ application, logger }: ShutdownOptions): void {
  let closing = false;

  function end(signal: NodeJS.Signals): void {
    if (closing) {
      logger.warn({ signal }, 'ending at once');
      process.exit(1);
    }
    closing = true;
    logger.info({ signal }, 'shutting down');
    const closed = application.then((started) => started.close());
    closed.then(
      () => {
        logger.info('closed');
        process.exit(0);
      },
      (error: unknown) => {
        logger.fatal({ err: error }, 'shutdown failed');
        process.exit(1);
      },
    );
  }

  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}
