import { createForwardedOwnership, createOwnership } from './execution-contexts/ownership.ts';
import { createRestStore } from './execution-contexts/rest.ts';
import type { ExecutionContexts } from './execution-contexts/model.ts';
import { createFailureLog, type FailureLog } from './failure-log.ts';
import { portOf } from './http.ts';
import { createIdentityResolver, type ResolveIdentity } from './identity/identity.ts';
import { createTokenVerifier, type TokenVerifierOptions } from './identity/token-verifier.ts';
import { isAdministrator, type AdministratorRule } from './identity/user.ts';
import { createRateLimiter, type RateLimiter } from './rate-limit/limiter.ts';
import type { ImmediateRateLimitStore, RateLimitStore } from './rate-limit/store.ts';
import { createRestClient, type RestClient } from './rest/client.ts';
import type { Logger } from './telemetry/logger.ts';
import type { Metrics } from './telemetry/metrics.ts';

/** Receives the logs and the metrics of the parts. */
export interface Telemetry {
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Returns the callbacks of the engine, which log and count what it reports. */
export function createEngineObserver({ logger, metrics }: Telemetry) {
  return {
    onBug: (error: unknown): void => {
      logger.error({ err: error }, 'unexpected error');
    },
    onResult: metrics.requests.answered,
    onNullReference: metrics.requests.referenceMissed,
  };
}

/** Creates the limiter, and counts its decisions. */
export function createLimiter(
  store: RateLimitStore | ImmediateRateLimitStore,
  metrics: Metrics,
): RateLimiter {
  return createRateLimiter({
    store,
    onDecision: ({ group }, { admitted }) => {
      metrics.rateLimits.decided(group, admitted);
    },
  });
}

export interface ApiOptions extends Telemetry {
  /** The REST API's base URL; a path prefix is kept. */
  readonly url: string;
  /** The gateway's own key. `null` forwards the caller's token, so that the API checks permissions. */
  readonly apiKey: string | null;
  /** The deadline of one field's upstream work in milliseconds, retries included. */
  readonly timeoutMs: number;
  /** Which users may access every context; used with an `apiKey`. */
  readonly administrators: AdministratorRule;
}

/** Creates the client of the API. Its failures are logged and counted; each exchange is logged at `debug`. */
export function createApi(options: ApiOptions): {
  readonly client: RestClient;
  readonly executionContexts: ExecutionContexts;
  /** Its `cause` is why the API fails at present. */
  readonly failures: Pick<FailureLog, 'cause'>;
} {
  const { url, apiKey, timeoutMs, administrators, logger, metrics } = options;
  const base = new URL(url);
  const failures = createFailureLog({
    logger,
    what: 'the API',
    host: base.hostname,
    port: portOf(base),
  });
  const client = createRestClient({
    url,
    apiKey,
    timeoutMs,
    observer: {
      exchanged(operation, result, durationMs, requestId, cause) {
        metrics.upstream.exchanged(operation, result, durationMs);
        if (cause === null) failures.ended();
        else if (result !== 'canceled') failures.failed(result, cause);
        if (!logger.isLevelEnabled('debug')) return;
        const rounded = Math.round(durationMs * 10) / 10;
        logger.debug({ requestId, operation, result, durationMs: rounded }, 'upstream exchange');
      },
      probed(cause) {
        if (cause === null) failures.ended();
        else failures.failed('connection', cause);
      },
      shed: metrics.upstream.shed,
      retried: metrics.upstream.retried,
      circuitChanged(state) {
        logger[state === 'open' ? 'error' : 'info']({ state }, 'upstream circuit');
      },
      malformed(operation, what, requestId) {
        metrics.upstream.malformed(operation);
        logger.warn({ requestId, operation, what }, 'malformed answer of the API');
      },
    },
  });
  metrics.upstream.watch(() => ({ circuit: client.circuitState, callsInFlight: client.pending }));
  const store = createRestStore({
    client,
    onMalformedDate(operation, requestId) {
      metrics.upstream.malformedDate(operation);
      logger.warn({ requestId, operation }, 'created_at of the API is not an RFC 3339 date-time');
    },
  });
  const ownership = client.forwardsToken
    ? createForwardedOwnership()
    : createOwnership({ isAdministrator: (user) => isAdministrator(user, administrators) });
  return { client, executionContexts: { store, ownership }, failures };
}

export interface IdentityProviderOptions
  extends Telemetry, Omit<TokenVerifierOptions, 'onKeyFetch'> {}

/** Creates the verification of one issuer's tokens. Fetches of its keys are counted, failures logged. */
export function createIdentityProvider(options: IdentityProviderOptions): {
  readonly resolveIdentity: ResolveIdentity;
  /** Its `cause` is why the keys cannot be fetched at present. */
  readonly failures: Pick<FailureLog, 'cause'>;
} {
  const { logger, metrics, ...verifier } = options;
  const what = "the issuer's keys";
  const failures = createFailureLog({ logger, what });
  // Refused fetches are caused by tokens with unknown keys, and do not mean that the issuer fails.
  const refusals = createFailureLog({ logger, what });
  const resolveIdentity = createIdentityResolver({
    verifier: createTokenVerifier({
      ...verifier,
      onKeyFetch(outcome, cause) {
        metrics.identity.keysFetched(outcome);
        if (outcome === 'refused') refusals.failed(outcome);
        else if (outcome === 'failed') failures.failed(outcome, cause);
        else for (const log of [failures, refusals]) log.ended();
      },
    }),
  });
  return { resolveIdentity, failures };
}
