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

/** The executable subgraph schema, built once when this module is loaded. */
export const schema = createSubgraphSchema(
  [addExecutionContexts],
  `The state and the sessions of the runs of AI agents.

Every call needs a session token in the header \`Authorization: Bearer …\`. Every field returns a union of its success type and seven error types. Errors are data, in responses with HTTP status 200. \`... on ExecutionContextError { code message }\` selects any error, including those that later versions may add.

Limits apply to each user. Every call of a field counts, so each alias is a call of its own. The description of a field states its limits; \`@rateLimit\` declares them for programs.`,
);

/** What a gateway does the same however it is reached. */
export interface EndpointOptions {
  /** Where GraphQL is. @default '/graphql' */
  readonly endpoint?: string | undefined;
  /** Answers `__schema` and `__type`; `_service` stays open either way. @default false */
  readonly introspection?: boolean | undefined;
  /** Origins of the pages that may call from a browser. @default none */
  readonly corsOrigins?: readonly string[] | undefined;
  /** Persisted documents. @default automatic ones only */
  readonly documents?: PersistedDocumentsOptions | undefined;
  /** More Yoga plugins, run after the gateway's own. Their hooks see every operation, at a cost. */
  readonly plugins?: readonly Plugin[] | undefined;
}

export interface ConnectOptions extends EndpointOptions {
  /** Where execution contexts are stored, and who may touch them. */
  readonly executionContexts: ExecutionContexts;
  /** Shows them as they change. @default with polls, events and limits of this process */
  readonly live?: LiveContexts | undefined;
  readonly rateLimiter: RateLimiter;
  readonly resolveIdentity: ResolveIdentity;
  /** The page at the endpoint; `false` serves none. @default false */
  readonly graphiql?: GraphiQLOptions | false | undefined;
  /** Told of an error that is a bug; the client is told no more than that there was one. @default nobody */
  readonly onBug?: ((error: unknown) => void) | undefined;
  /** Told the member of its union that a root field was answered with. @default nobody */
  readonly onResult?: ResultListener | undefined;
  /** Told why an entity reference of another subgraph came back null. @default nobody */
  readonly onNullReference?: ((code: string) => void) | undefined;
}

export interface ConnectedGateway extends FetchDoor {
  readonly engine: Engine;
  readonly cors: Cors;
}

/** Connects an engine made of these parts with its Fetch door. */
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
  /** Its base URL; a path prefix is kept. */
  readonly url: string;
  /**
   * The gateway's own key, with which the gateway checks who owns a context. `null` forwards the
   * caller's token instead, and the API decides.
   *
   * @default null
   */
  readonly apiKey?: string | null | undefined;
  /** Deadline of one field's upstream work in milliseconds, retries included. @default 10000 */
  readonly timeoutMs?: number | undefined;
  /** The permission that may touch every context, with an `apiKey`. @default null, nobody */
  readonly adminPermission?: string | null | undefined;
  /** The only `organization` claim with which that permission counts. @default null, any */
  readonly adminOrganization?: string | null | undefined;
}

/** Who signs the session tokens. */
export interface IdentityOptions {
  /** What `iss` must be. */
  readonly issuer: string;
  /** What must be among `aud`. @default null, not checked */
  readonly audience?: string | null | undefined;
  /** Where the issuer's keys are. @default `{issuer}/.well-known/jwks.json` */
  readonly jwksUrl?: string | null | undefined;
}

export interface GatewayOptions extends EndpointOptions {
  /** The REST API, or storage of one's own and the rule who may touch what is in it. */
  readonly upstream: UpstreamOptions | ExecutionContexts;
  /** The issuer of the session tokens, or a way of one's own to tell who is calling. */
  readonly identity: IdentityOptions | ResolveIdentity;
  /** What counts the limits. @default in this process */
  readonly rateLimitStore?: RateLimitStore | ImmediateRateLimitStore | undefined;
  /** The page at the endpoint; `true` opens it with the examples. @default false */
  readonly graphiql?: GraphiQLOptions | boolean | undefined;
  /** Size of a request body; beyond: HTTP 413. @default 1048576 */
  readonly maxBodyBytes?: number | undefined;
  /** Answers `/health` and `/ready`. @default false */
  readonly probes?: boolean | undefined;
  /** Answers `/metrics`, in Prometheus' text format. @default false */
  readonly metrics?: boolean | undefined;
  /** Gets a line a request, and what goes wrong. @default none */
  readonly logger?: Logger | undefined;
  /**
   * `@opentelemetry/api`, whole: requests are traced by the provider that is registered with it, below
   * the span that is active. @default none, and the client's trace goes upstream as it came
   */
  readonly openTelemetry?: OpenTelemetryApi | undefined;
}

export interface Gateway {
  /** Where GraphQL is. */
  readonly endpoint: string;
  /**
   * Answers a request, of any path. Can be passed on without its object. A server that speaks Node's
   * requests needs an adapter: see docs/embedding.md.
   */
  readonly fetch: (request: Request) => Promise<Response>;
  /**
   * Ends the live streams, so that their clients connect again, waits for the requests that are under
   * way, and closes the connections to the API. To be called when the server accepts no more.
   */
  close(): Promise<void>;
}

/** A gateway as something that answers Fetch requests. It listens to nothing by itself. */
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
              // Storage of one's own is there from the start.
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
