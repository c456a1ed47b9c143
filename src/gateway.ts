import type { Plugin } from 'graphql-yoga';

import { createFetchDoor, type FetchDoor } from './doors/fetch/fetch-door.ts';
import { graphiqlExamples, type GraphiQLOptions } from './doors/fetch/graphiql/index.ts';
import { createCors, type Cors } from './engine/cors.ts';
import { createEngine, type Engine } from './engine/engine.ts';
import type { PersistedDocumentsOptions } from './engine/persisted-documents.ts';
import { Services, type ResultListener } from './engine/request-context.ts';
import {
  executionContexts as service,
  liveContexts,
  type ExecutionContexts,
  type LiveContexts,
} from './execution-contexts/model.ts';
import { createLive } from './execution-contexts/live.ts';
import { addExecutionContexts } from './execution-contexts/schema.ts';
import { createFront } from './front.ts';
import type { ResolveIdentity } from './identity/identity.ts';
import {
  createApi,
  createEngineObserver,
  createIdentityProvider,
  createLimiter,
  type Telemetry,
} from './parts.ts';
import type { RateLimiter } from './rate-limit/limiter.ts';
import { createMemoryStore } from './rate-limit/memory-store.ts';
import type { ImmediateRateLimitStore, RateLimitStore } from './rate-limit/store.ts';
import { readReadiness } from './readiness.ts';
import { createSubgraphSchema } from './schema/subgraph.ts';
import { createLocalLocks } from './shared-state/keyed-locks.ts';
import { createLogger, type Logger } from './telemetry/logger.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { createTracer, scopeName, type OpenTelemetryApi } from './telemetry/tracing.ts';

/** The executable subgraph schema, built when this module is loaded. */
export const schema = createSubgraphSchema(
  [addExecutionContexts],
  `The state and the sessions of the runs of AI agents.

Every call needs a session token in the header \`Authorization: Bearer …\`. Every field returns a union of its success type and seven error types. Errors are data, in responses with HTTP status 200. \`... on ExecutionContextError { code message }\` selects any error, including those that later versions may add.

Limits apply to each user. Every call of a field counts, so each alias is a call of its own. The description of a field states its limits; \`@rateLimit\` declares them for programs.`,
);

/** Options of the GraphQL endpoint. */
export interface EndpointOptions {
  /** The path of the GraphQL endpoint. @default '/graphql' */
  readonly endpoint?: string | undefined;
  /** Whether `__schema` and `__type` are answered. `_service` always is. @default false */
  readonly introspection?: boolean | undefined;
  /** The origins of pages whose scripts may call the gateway (CORS). @default none */
  readonly corsOrigins?: readonly string[] | undefined;
  /** Persisted documents. @default automatic persisted documents only */
  readonly documents?: PersistedDocumentsOptions | undefined;
  /**
   * Yoga plugins, which run after the gateway's own. With plugins every operation goes through Yoga,
   * which takes longer.
   *
   * @default none
   */
  readonly plugins?: readonly Plugin[] | undefined;
}

/** The parts that a gateway is made of. */
export interface ConnectOptions extends EndpointOptions {
  /** The storage of execution contexts, and the rule who may access them. */
  readonly executionContexts: ExecutionContexts;
  /** Streams of contexts as they change. @default those of this process alone */
  readonly live?: LiveContexts | undefined;
  readonly rateLimiter: RateLimiter;
  readonly resolveIdentity: ResolveIdentity;
  /** GraphiQL at the endpoint; `false` disables it. @default false */
  readonly graphiql?: GraphiQLOptions | false | undefined;
  /** Called with an error that is a bug. The client gets a masked error. @default ignores it */
  readonly onBug?: ((error: unknown) => void) | undefined;
  /** Called for each root field with the member of the union that it returned. @default ignores it */
  readonly onResult?: ResultListener | undefined;
  /** Called with the error code of an entity reference that is null. @default ignores it */
  readonly onNullReference?: ((code: string) => void) | undefined;
}

/** A gateway's Fetch door, and the engine that other doors can use. */
export interface ConnectedGateway extends FetchDoor {
  readonly engine: Engine;
  readonly cors: Cors;
}

/** Creates the engine from these parts, and its Fetch door. */
export function connectGateway(options: ConnectOptions): ConnectedGateway {
  const ignore = (): void => undefined;
  const { onBug = ignore } = options;
  const engine = createEngine({
    schema,
    services: new Services()
      .set(service, {
        ...options.executionContexts,
        locks: options.executionContexts.locks ?? createLocalLocks(),
      })
      .set(liveContexts, options.live ?? createLive({ ...options.executionContexts, onBug })),
    rateLimiter: options.rateLimiter,
    resolveIdentity: options.resolveIdentity,
    documents: options.documents,
    onBug,
    onResult: options.onResult ?? ignore,
    onNullReference: options.onNullReference ?? ignore,
  });
  const cors = createCors(options.corsOrigins ?? []);
  return { ...createFetchDoor({ ...options, engine, cors }), engine, cors };
}

/** The REST API that stores the execution contexts. */
export interface UpstreamOptions {
  /** The base URL; a path prefix is kept. */
  readonly url: string;
  /**
   * The gateway's own key, with which the gateway checks ownership. `null` forwards the caller's token
   * instead, so that the API checks permissions.
   *
   * @default null
   */
  readonly apiKey?: string | null | undefined;
  /** The deadline of one field's upstream work in milliseconds, retries included. @default 10000 */
  readonly timeoutMs?: number | undefined;
  /** The permission to access every context; used with an `apiKey`. @default null, no user has it */
  readonly adminPermission?: string | null | undefined;
  /** The `organization` claim that the permission requires. @default null, any */
  readonly adminOrganization?: string | null | undefined;
}

/** The issuer of the session tokens. */
export interface IdentityOptions {
  /** The required `iss`. */
  readonly issuer: string;
  /** The value that `aud` must contain. @default null, not checked */
  readonly audience?: string | null | undefined;
  /** The URL of the issuer's key set. @default `{issuer}/.well-known/jwks.json` */
  readonly jwksUrl?: string | null | undefined;
}

export interface GatewayOptions extends EndpointOptions {
  /** The REST API, or your own storage with the rule who may access its contexts. */
  readonly upstream: UpstreamOptions | ExecutionContexts;
  /** The issuer of the session tokens, or your own function that identifies the caller. */
  readonly identity: IdentityOptions | ResolveIdentity;
  /** Counts calls for the rate limits. @default a store in the memory of this process */
  readonly rateLimitStore?: RateLimitStore | ImmediateRateLimitStore | undefined;
  /** GraphiQL at the endpoint; `true` opens it with the examples. @default false */
  readonly graphiql?: GraphiQLOptions | boolean | undefined;
  /** The maximum size of a request body in bytes; a larger one gets HTTP 413. @default 1048576 */
  readonly maxBodyBytes?: number | undefined;
  /** Whether `/health` and `/ready` are served. @default false */
  readonly probes?: boolean | undefined;
  /** Whether `/metrics` is served, in the text format of Prometheus. @default false */
  readonly metrics?: boolean | undefined;
  /** Receives a line for each request, and failures. @default no logs */
  readonly logger?: Logger | undefined;
  /**
   * The module `@opentelemetry/api`. Requests are traced by the provider that is registered with it, as
   * children of the active span. @default none: the trace headers of the client are forwarded unchanged
   */
  readonly openTelemetry?: OpenTelemetryApi | undefined;
}

export interface Gateway {
  /** The path of the GraphQL endpoint. */
  readonly endpoint: string;
  /**
   * Answers a request for any path. Does not use `this`. A server with Node's requests needs an adapter:
   * see docs/embedding.md.
   */
  readonly fetch: (request: Request) => Promise<Response>;
  /**
   * Ends the live streams, so that their clients reconnect, waits for requests in progress, and closes the
   * connections to the API. To be called when the server no longer accepts requests.
   */
  close(): Promise<void>;
}

/** Creates a gateway that answers Fetch requests. It does not listen on a port. */
export function createGateway(options: GatewayOptions): Gateway {
  const { upstream, identity, graphiql = false, openTelemetry } = options;
  const logger = options.logger ?? createLogger({ level: 'silent' });
  const showsMetrics = options.metrics === true;
  const metrics = createMetrics({
    isShown: showsMetrics,
    droppedLogLines: () => logger.droppedLines(),
  });
  const telemetry = { logger, metrics };
  const { client, executionContexts, ...api } =
    'url' in upstream
      ? connectUpstream(upstream, telemetry)
      : { client: null, executionContexts: upstream, failures: null };
  const { resolveIdentity, ...issuer } =
    typeof identity === 'function'
      ? { resolveIdentity: identity, failures: null }
      : createIdentityProvider({ ...identity, ...telemetry });
  const observer = createEngineObserver(telemetry);
  const live = createLive({
    ...executionContexts,
    onEnd: metrics.streams.ended,
    onBug: observer.onBug,
  });
  metrics.streams.watch(() => live.open);
  const connected = connectGateway({
    ...options,
    executionContexts,
    live,
    rateLimiter: createLimiter(options.rateLimitStore ?? createMemoryStore(), metrics),
    resolveIdentity,
    graphiql: graphiql === true ? { tabs: graphiqlExamples } : graphiql,
    ...observer,
  });
  if (options.probes === true) void client?.answered();
  let closing: Promise<void> | null = null;
  let running = 0;
  let onIdle = (): void => undefined;
  const front = createFront({
    door: connected,
    cors: connected.cors,
    maxBodyBytes: options.maxBodyBytes ?? 1_048_576,
    readiness:
      options.probes === true
        ? () =>
            readReadiness({
              // The caller's own storage counts as available from the start.
              upstreamAnswered: client?.hasAnswered ?? true,
              circuit: client?.circuitState ?? 'closed',
              upstreamCause: api.failures?.cause ?? null,
              issuerCause: issuer.failures?.cause ?? null,
              redis: null,
              requiresRedis: false,
              shuttingDown: closing !== null,
            })
        : null,
    showsMetrics,
    tracer:
      openTelemetry === undefined
        ? null
        : createTracer(openTelemetry, openTelemetry.trace.getTracer(scopeName)),
    ...telemetry,
  });

  async function close(): Promise<void> {
    live.close();
    if (running > 0) await new Promise<void>((resolve) => (onIdle = resolve));
    await client?.close();
  }

  return {
    endpoint: connected.endpoint,
    async fetch(request) {
      running += 1;
      try {
        return await front(request);
      } finally {
        running -= 1;
        if (running === 0) onIdle();
      }
    },
    close: () => (closing ??= close()),
  };
}

function connectUpstream(
  { url, apiKey = null, timeoutMs = 10_000, ...admin }: UpstreamOptions,
  telemetry: Telemetry,
) {
  const { adminPermission = null, adminOrganization = null } = admin;
  const administrators = { permission: adminPermission, organization: adminOrganization };
  return createApi({ url, apiKey, timeoutMs, administrators, ...telemetry });
}
