import type { YogaLogger } from 'graphql-yoga';

import type { Logger } from './logger.ts';

const nothing = (): void => undefined;

/**
 * What Yoga reports: errors that it hides from clients, which are bugs. What it says of the running
 * of single requests is left out, as it may say what is in them.
 */
export function createYogaLogger(logger: Pick<Logger, 'error'>): YogaLogger {
  // Yoga reports some of them both where they are hidden and where they are answered.
  const reported = new WeakSet();
  return {
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: (error: unknown) => {
      if (!(error instanceof Error) || reported.has(error)) return;
      reported.add(error);
      logger.error({ err: error }, 'unexpected error');
    },
  };
}
