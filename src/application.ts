import { collectDefaultMetrics, Registry } from 'prom-client';

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
import { listen } from './listening-server.ts';
import { createRateLimiter } from './rate-limit/limiter.ts';
import { readReadiness } from './readiness.ts';
import { SANDBOX_KEY_ID } from './sandbox/identity.ts';
import { createGateway } from './server.ts';
import type { Logger } from './telemetry/logger.ts';
import { createUpstreamClient } from './upstream/client.ts';
import { createExecutionContextsApi } from './upstream/execution-contexts-api.ts';

export interface Application {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  /** Says unready at once, drains for the configured time, finishes what runs, closes everything. */
  close(): Promise<void>;
}

export interface ApplicationOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** For tests: milliseconds since the epoch by which tokens expire and calls are counted. */
  readonly clock?: Clock | undefined;
}

/**
 * Builds the gateway out of its parts as the configuration asks, and listens.
 *
 * @throws The listen error, such as `EADDRINUSE`.
 */
export async function startApplication({
  config,
  logger,
  clock,
}: ApplicationOptions): Promise<Application> {
  const { upstream, closeSandbox, graphiqlToken } = await resolveUpstream(config);
  const limits = createLimitStore({ ...config, logger, clock });
  const client = createUpstreamClient({
    url: upstream.url,
    apiKey: config.upstreamAuth === 'api-key' ? upstream.apiKey : null,
    timeoutMs: config.upstreamTimeoutMs,
    observer: {
      onCircuitChange(state) {
        logger.warn({ state }, 'upstream circuit');
      },
    },
  });
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
  });
  const gateway = createGateway({
    services: { executionContexts, rateLimiter: createRateLimiter({ store: limits.store }) },
    resolveIdentity: createIdentityResolver({ verifier }),
    graphiql: config.graphiql ? graphiqlOptions(graphiqlToken) : false,
    introspection: config.introspection,
    corsOrigins: config.corsOrigins,
  });
  void limits.shared?.start();
  let upstreamAnswered = false;
  void client.answered().then((answered) => (upstreamAnswered = answered));

  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const { shared } = limits;
  const server = await listen(
    createRequestListener({
      gateway,
      logger,
      maxBodyBytes: config.maxBodyBytes,
      routerSecret: config.routerSecret,
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
      metrics: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
    }),
    config,
  );

  return {
    url: server.url,
    async close() {
      await server.drain(config.shutdownDrainMs);
      await client.close();
      shared?.close();
      await closeSandbox?.();
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
