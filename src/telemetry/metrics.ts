import { collectDefaultMetrics, Registry } from 'prom-client';

import { createIdentityMetrics, type IdentityMetrics } from './identity-metrics.ts';
import { createRateLimitMetrics, type RateLimitMetrics } from './rate-limit-metrics.ts';
import { createRequestMetrics, type RequestMetrics } from './request-metrics.ts';
import { createUpstreamMetrics, type UpstreamMetrics } from './upstream-metrics.ts';

/**
 * Everything the gateway counts, by subject. No label takes a value a client can choose freely:
 * operation names, ids and users are in none.
 */
export interface Metrics {
  readonly requests: RequestMetrics;
  readonly upstream: UpstreamMetrics;
  readonly rateLimits: RateLimitMetrics;
  readonly identity: IdentityMetrics;
  /** Of {@link text}, for its `content-type`. */
  readonly contentType: string;
  /** All metrics, the process's own and the event loop's lag among them, in Prometheus' format. */
  text(): Promise<string>;
}

/** Metrics in a registry of their own, so that two gateways in one process do not mix. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    requests: createRequestMetrics(registry),
    upstream: createUpstreamMetrics(registry),
    rateLimits: createRateLimitMetrics(registry),
    identity: createIdentityMetrics(registry),
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}
