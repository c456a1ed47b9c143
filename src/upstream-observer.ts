import type { Logger } from './telemetry/logger.ts';
import type { UpstreamMetrics } from './telemetry/upstream-metrics.ts';
import type { UpstreamObserver } from './upstream/client.ts';

export interface UpstreamObserverOptions {
  readonly logger: Logger;
  readonly metrics: UpstreamMetrics;
}

/** Counts what happens between the gateway and the API, and logs it: single exchanges at `debug`. */
export function createUpstreamObserver({
  logger,
  metrics,
}: UpstreamObserverOptions): UpstreamObserver {
  return {
    onExchange(operation, outcome, durationMs, requestId) {
      const result = outcome.kind === 'answer' ? outcome.status : outcome.reason;
      metrics.exchanged({ operation, result, durationSeconds: durationMs / 1000 });
      if (!logger.isLevelEnabled('debug')) return;
      const rounded = Math.round(durationMs * 10) / 10;
      logger.debug({ requestId, operation, result, durationMs: rounded }, 'upstream exchange');
    },
    onShed(operation) {
      metrics.shed(operation);
    },
    onRetry(operation) {
      metrics.retried(operation);
    },
    onCircuitChange(state) {
      logger[state === 'open' ? 'error' : 'info']({ state }, 'upstream circuit');
    },
  };
}
