import { performance } from 'node:perf_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Logger } from '../telemetry/logger.ts';
import type { RequestMetrics } from '../telemetry/request-metrics.ts';
import { requestFactsOf } from '../yoga/use-gateway-context.ts';

export interface RequestLogOptions {
  readonly logger: Logger;
  readonly metrics: RequestMetrics;
}

/** A request as far as it may stand in a log: a path of somebody's own making is in none. */
export interface LoggedRequest {
  readonly requestId: string;
  readonly path: string;
  /** Whether it is one of the GraphQL endpoint's, which are counted. */
  readonly isOperation: boolean;
}

/** Logs each request once its response is complete or its client gone, and counts operations. */
export function createRequestLog({ logger, metrics }: RequestLogOptions) {
  return (
    request: IncomingMessage,
    response: ServerResponse,
    { requestId, path, isOperation }: LoggedRequest,
  ): void => {
    const startedAt = performance.now();
    if (isOperation) metrics.started();

    response.once('close', () => {
      const durationMs = performance.now() - startedAt;
      const status = response.statusCode;
      const { operation = 'none', results = {} } = requestFactsOf(request) ?? {};
      if (isOperation) {
        metrics.ended({ operation, status, durationSeconds: durationMs / 1000 });
      }
      logger[status === 500 ? 'error' : 'info'](
        {
          requestId,
          method: request.method,
          path,
          status,
          // Whether the client was there to the end.
          complete: response.writableFinished,
          durationMs: Math.round(durationMs * 10) / 10,
          ...(isOperation && { operation, results }),
        },
        'request',
      );
    });
  };
}
