import type { Config, UpstreamConfig } from './config.ts';
import { createExecutionContexts } from './execution-contexts/execution-contexts.ts';
import { createOwnership, decidedUpstream } from './execution-contexts/ownership.ts';
import { graphiqlExamples, type GraphiQLOptions } from './graphiql/index.ts';
import { createRequestListener } from './http/request-listener.ts';
import { isAdministrator } from './identity/administrator.ts';
import { createIdentityResolver } from './identity/identity-resolver.ts';
import { createTokenVerifier } from './identity/token-verifier.ts';
import { createLimitStore } from './limit-store.ts';
import type { Clock } from './rate-limit/clock.ts';
import { listen, type ListeningServer } from './listening-server.ts';
import { createRateLimiter } from './rate-limit/limiter.ts';
import { readReadiness } from './readiness.ts';
import { SANDBOX_KEY_ID } from './sandbox/identity.ts';
import { createGateway } from './server.ts';
import type { Logger } from './telemetry/logger.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { createYogaLogger } from './telemetry/yoga-logger.ts';
import { createUpstreamClient } from './upstream/client.ts';
import { createUpstreamObserver } from './upstream-observer.ts';
import { createExecutionContextsApi } from './upstream/execution-contexts-api.ts';

export interface Application {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  /**
   * Says unready at once, drains for the configured time, finishes what runs, closes everything.
   * Requests that take longer than the upstream's deadline and five seconds are cut off.
   */
  close(): Promise<void>;
}

export interface ApplicationOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** For tests: milliseconds since the epoch by which tokens expire and calls are counted. */
  readonly clock?: Clock | undefined;
}

/** What a request may take, in milliseconds, besides the upstream's part of it. */
const graceMs = 5_000;

/**
 * Builds the gateway out of its parts as the configuration asks, and listens.
 *
 * @throws ListenError
 */
export async function startApplication({
  config,
  logger,
  clock,
}: ApplicationOptions): Promise<Application> {
  const { upstream, closeSandbox, graphiqlToken } = await resolveUpstream(config);
  const metrics = createMetrics();
  const limits = createLimitStore({ ...config, logger, metrics: metrics.rateLimits, clock });
  const client = createUpstreamClient({
    url: upstream.url,
    apiKey: config.upstreamAuth === 'api-key' ? upstream.apiKey : null,
    timeoutMs: config.upstreamTimeoutMs,
    observer: createUpstreamObserver({ logger, metrics: metrics.upstream }),
  });
  metrics.upstream.watch(() => ({ circuit: client.circuitState, callsInFlight: client.pending }));
  const administrators = {
    permission: config.adminPermission,
    organization: config.adminOrganization,
  };
  const executionContexts = createExecutionContexts({
    api: createExecutionContextsApi({ client }),
    ownership: client.forwardsToken
      ? decidedUpstream
      : createOwnership({ isAdministrator: (user) => isAdministrator(user, administrators) }),
  });
  const verifier = createTokenVerifier({
    ...upstream,
    clock: clock && (() => clock.now()),
    // Anyone can sign with the sandbox's key, so it must never speak for users of a real API.
    refusedThumbprints: config.upstream === null ? [] : [SANDBOX_KEY_ID],
    onKeyFetch(outcome) {
      metrics.identity.keysFetched(outcome);
      if (outcome !== 'fetched') logger.warn({ outcome }, "the issuer's keys");
    },
  });
  const gateway = createGateway({
    services: {
      executionContexts,
      rateLimiter: createRateLimiter({
        store: limits.store,
        onDecision: ({ group }, { admitted }) => {
          metrics.rateLimits.decided(group, admitted);
        },
      }),
      onResult: metrics.requests.answered,
      onNullReference: metrics.requests.referenceMissed,
    },
    resolveIdentity: createIdentityResolver({ verifier }),
    graphiql: config.graphiql ? graphiqlOptions(graphiqlToken) : false,
    introspection: config.introspection,
    corsOrigins: config.corsOrigins,
    logger: createYogaLogger(logger),
  });
  void limits.shared?.start();
  let upstreamAnswered = false;
  void client.answered().then((answered) => (upstreamAnswered = answered));

  const { shared } = limits;
  async function release(): Promise<void> {
    await client.close();
    shared?.close();
    await closeSandbox?.();
  }

  const server: ListeningServer = await listen(
    createRequestListener({
      gateway,
      corsOrigins: config.corsOrigins,
      maxBodyBytes: config.maxBodyBytes,
      routerSecret: config.routerSecret,
      logger,
      metrics,
      readiness: () =>
        readReadiness({
          upstreamAnswered: () => upstreamAnswered,
          circuitState: () => client.circuitState,
          sharedLimits: shared && {
            healthy: () => shared.healthy,
            required: config.onStoreFailure === 'closed',
          },
          shuttingDown: () => server.draining,
        }),
    }),
    config,
  ).catch(async (error: unknown) => {
    await release();
    throw error;
  });

  return {
    url: server.url,
    async close() {
      await server.drain(config.shutdownDrainMs, config.upstreamTimeoutMs + graceMs);
      await release();
    },
  };
}

interface ResolvedUpstream {
  readonly upstream: UpstreamConfig & { readonly audience: string | null };
  readonly closeSandbox: (() => Promise<void>) | null;
  /** Makes the token that GraphiQL opens with. */
  readonly graphiqlToken: (() => Promise<string>) | null;
}

/** The upstream of the configuration, or else the sandbox, which is loaded only then. */
async function resolveUpstream({ upstream, audience }: Config): Promise<ResolvedUpstream> {
  if (upstream !== null) {
    return { upstream: { ...upstream, audience }, closeSandbox: null, graphiqlToken: null };
  }
  const sandbox = await import('./sandbox/index.ts');
  const embedded = await sandbox.startSandbox();
  const { url } = embedded;
  return {
    upstream: {
      url,
      apiKey: sandbox.SANDBOX_API_KEY,
      issuer: sandbox.SANDBOX_ISSUER,
      jwksUrl: `${url}/.well-known/jwks.json`,
      audience: null,
    },
    closeSandbox: () => embedded.close(),
    graphiqlToken: () => sandbox.mintSandboxToken('alice'),
  };
}

function graphiqlOptions(token: ResolvedUpstream['graphiqlToken']): GraphiQLOptions {
  const title = 'Execution contexts';
  if (token === null) return { title, tabs: graphiqlExamples };
  const headers = async () => ({ authorization: `Bearer ${await token()}` });
  return { title, tabs: graphiqlExamples, headers };
}
