import type { Config, UpstreamConfig } from './config.ts';
import { graphiqlExamples, type GraphiQLOptions } from './doors/fetch/graphiql/index.ts';
import type { LandingPerson } from './doors/node/landing.ts';
import { listen, type ListeningServer } from './doors/node/listening-server.ts';
import { createNodeListener } from './doors/node/listener.ts';
import { createWebSocketDoor } from './doors/node/websocket.ts';
import { createLive } from './execution-contexts/live.ts';
import { connectGateway, schema } from './gateway.ts';
import { createFailureLog } from './failure-log.ts';
import { createApi, createEngineObserver, createIdentityProvider, createLimiter } from './parts.ts';
import { readReadiness } from './readiness.ts';
import { printSchema } from './schema/subgraph.ts';
import { createSharedState } from './shared-state/shared-state.ts';
import type { Logger } from './telemetry/logger.ts';
import { createMetrics } from './telemetry/metrics.ts';
import type { SpanExport, SpanExportOptions } from './telemetry/span-export.ts';

export interface Application {
  /** The URL on which it listens, without a slash at the end. */
  readonly url: string;
  /**
   * Reports unready at once, drains for the configured time, finishes requests in progress, and closes
   * everything. Requests that take longer than the upstream's deadline plus five seconds are aborted.
   */
  close(): Promise<void>;
}

export interface ApplicationOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** For tests: milliseconds since the epoch by which tokens expire and calls are counted. */
  readonly now?: (() => number) | undefined;
  /**
   * The URL of a sandbox that outlives the application, without a slash at the end. Used where no
   * upstream is configured.
   *
   * @default a new sandbox
   */
  readonly sandboxUrl?: string | undefined;
  /** For tests: how long a client may take to send a request. @default defaultRequestTimeoutMs */
  readonly requestTimeoutMs?: number | undefined;
}

/** How long a request may take besides its upstream work, in milliseconds. */
const graceMs = 5_000;

/** How long after the start Yoga is loaded, in milliseconds. */
const loadYogaAfterMs = 500;

/**
 * Builds the gateway from its parts according to the configuration, and listens.
 *
 * @throws {ListenError} (rejecting)
 * @throws {UnusableRedisError} (rejecting) Where Redis cannot be used with its current configuration.
 */
export async function startApplication({
  config,
  logger,
  now,
  sandboxUrl,
  requestTimeoutMs,
}: ApplicationOptions): Promise<Application> {
  const { upstream, closeSandbox, visitors } = await resolveUpstream(config, sandboxUrl);
  const metrics = createMetrics({ droppedLogLines: () => logger.droppedLines() });
  const tracing = config.tracing && (await startTracing(config.tracing, logger));
  const tracer = tracing?.tracer ?? null;
  const observer = createEngineObserver({ logger, metrics });
  const shared = await createSharedState({
    redis: config.redis,
    keyPrefix: config.redisKeyPrefix,
    onStoreFailure: config.onStoreFailure,
    logger,
    metrics: metrics.rateLimits,
    now,
  });
  const { client, executionContexts, ...api } = createApi({
    url: upstream.url,
    apiKey: config.upstreamAuth === 'api-key' ? upstream.apiKey : null,
    timeoutMs: config.upstreamTimeoutMs,
    administrators: {
      permission: config.adminPermission ?? upstream.adminPermission,
      organization: config.adminOrganization,
    },
    logger,
    metrics,
  });
  const live = createLive({
    ...executionContexts,
    ...config.live,
    events: shared.events,
    election: shared.election,
    now,
    onEnd: metrics.streams.ended,
    onBug: observer.onBug,
  });
  metrics.streams.watch(() => live.open);
  const { resolveIdentity, ...issuer } = createIdentityProvider({
    ...upstream,
    now,
    logger,
    metrics,
  });
  const gateway = connectGateway({
    executionContexts: { ...executionContexts, locks: shared.locks },
    live,
    rateLimiter: createLimiter(shared.limits, metrics),
    resolveIdentity,
    graphiql: config.graphiql ? graphiqlOptions(visitors) : false,
    introspection: config.introspection,
    documents: {
      ...(config.documents.trusted !== null && { trusted: config.documents.trusted }),
      // With a router secret, all requests come from the router, which decides on documents itself.
      trustedOnly: config.documents.trustedOnly && config.routerSecret === null,
      automatic: config.documents.automatic,
    },
    corsOrigins: config.corsOrigins,
    ...observer,
  });
  void client.answered();

  async function release(): Promise<void> {
    await client.close();
    shared.close();
    await closeSandbox?.();
    await tracing?.close();
  }

  async function listenOrRelease(): Promise<ListeningServer> {
    try {
      await shared.start();
      return await listen({
        listener: createNodeListener({
          engine: gateway.engine,
          yoga: gateway,
          cors: gateway.cors,
          landing: config.graphiql
            ? {
                endpoint: gateway.endpoint,
                people: visitors?.people ?? [],
                schema: () => printSchema(schema),
              }
            : null,
          maxBodyBytes: config.maxBodyBytes,
          routerSecret: config.routerSecret,
          logger,
          metrics,
          tracer,
          readiness: () =>
            readReadiness({
              upstreamAnswered: client.hasAnswered,
              circuit: client.circuitState,
              upstreamCause: api.failures.cause,
              issuerCause: issuer.failures.cause,
              redis: shared.redis,
              requiresRedis: config.onStoreFailure === 'closed',
              shuttingDown: server.draining,
            }),
        }),
        host: config.host,
        port: config.port,
        keepAliveTimeoutMs: config.keepAliveTimeoutMs,
        requestTimeoutMs,
        upgrades: createWebSocketDoor({
          engine: gateway.engine,
          execute: gateway.execute,
          hasPlugins: gateway.hasPlugins,
          endpoint: gateway.endpoint,
          maxBodyBytes: config.maxBodyBytes,
          routerSecret: config.routerSecret,
          logger,
          metrics,
          tracer,
        }),
        onClosing() {
          live.close();
        },
        onParserRefusal(code, requestId) {
          metrics.requests.refusedByParser(code);
          logger.info({ requestId, code }, 'malformed HTTP request');
        },
      });
    } catch (error) {
      await release();
      throw error;
    }
  }
  const server = await listenOrRelease();
  // After the first responses, which it would delay, and before the first request that needs it.
  const loading = setTimeout(() => void gateway.load(), loadYogaAfterMs).unref();

  return {
    url: server.url,
    async close() {
      clearTimeout(loading);
      await server.drain(config.shutdownDrainMs, config.upstreamTimeoutMs + graceMs);
      await release();
    },
  };
}

/** Starts tracing. The SDK is loaded only here, so that it costs nothing where it is not used. */
async function startTracing(options: SpanExportOptions, logger: Logger): Promise<SpanExport> {
  const { createSpanExport } = await import('./telemetry/span-export.ts');
  const failures = createFailureLog({ logger, what: 'the collector of traces' });
  return createSpanExport(options, {
    exported() {
      failures.ended();
    },
    failed(error) {
      failures.failed('failed', error);
    },
  });
}

interface ResolvedUpstream {
  readonly upstream: UpstreamConfig & {
    readonly audience: string | null;
    /** The permission where none is configured; `null`: no user is an administrator. */
    readonly adminPermission: string | null;
    /** The thumbprints of rejected keys; see `TokenVerifierOptions`. */
    readonly refusedThumbprints: readonly string[];
  };
  readonly closeSandbox: (() => Promise<void>) | null;
  /** The sandbox's users, as whom GraphiQL can be opened; `null` with a real upstream. */
  readonly visitors: Visitors | null;
}

interface Visitors {
  /** The first is the default. */
  readonly people: readonly [LandingPerson, ...LandingPerson[]];
  readonly tokenOf: (name: string) => Promise<string>;
}

/** Returns the configured upstream. Without one, loads the sandbox and returns it. */
async function resolveUpstream(
  { upstream, audience }: Config,
  sandboxUrl: string | undefined,
): Promise<ResolvedUpstream> {
  if (upstream !== null) {
    // The sandbox's signing key is public, so it must not be accepted with a real API.
    const { sandboxKeyId } = await import('./sandbox/identity.ts');
    return {
      upstream: {
        ...upstream,
        audience,
        adminPermission: null,
        refusedThumbprints: [sandboxKeyId],
      },
      closeSandbox: null,
      visitors: null,
    };
  }
  const sandbox = await import('./sandbox/index.ts');
  const used =
    sandboxUrl === undefined
      ? await sandbox.startSandbox()
      : { url: sandboxUrl, close: () => Promise.resolve() };
  const { url } = used;
  return {
    upstream: {
      url,
      apiKey: sandbox.sandboxApiKey,
      issuer: sandbox.sandboxIssuer,
      jwksUrl: `${url}/.well-known/jwks.json`,
      audience: null,
      adminPermission: sandbox.sandboxAdminPermission,
      refusedThumbprints: [],
    },
    closeSandbox: () => used.close(),
    visitors: {
      people: sandbox.sandboxPeople,
      tokenOf: (name) => sandbox.mintSandboxToken(name),
    },
  };
}

function graphiqlOptions(visitors: Visitors | null): GraphiQLOptions {
  const options = { title: 'Execution contexts', tabs: graphiqlExamples };
  if (visitors === null) return options;
  const { people, tokenOf } = visitors;
  const headers = async (name: string | null) => ({
    authorization: `Bearer ${await tokenOf(name ?? people[0].name)}`,
  });
  return { ...options, people: people.map(({ name }) => name), headers };
}
