import {
  getOperationAST,
  OperationTypeNode,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLError,
} from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';

import type { Cors } from '../../engine/cors.ts';
import type { Engine } from '../../engine/engine.ts';
import { acceptRequestId, readTraceContext, Outgoing } from '../../engine/incoming.ts';
import type { Incoming } from '../../engine/incoming.ts';
import type { Parameters } from '../../engine/parameters.ts';
import { createTextCache } from '../../engine/plan-cache.ts';
import { addResponseHeaders } from '../../engine/response-headers.ts';
import type { Span } from '../../telemetry/tracing.ts';
import { departureOf } from './departure.ts';
import { useGraphiQL, type GraphiQLOptions } from './graphiql/index.ts';
import { useEngine, type EngineServerContext } from './use-engine.ts';
import { useNoIntrospection } from './use-no-introspection.ts';

export interface FetchDoorOptions {
  readonly engine: Engine;
  readonly cors: Cors;
  /** Where GraphQL is. @default '/graphql' */
  readonly endpoint?: string | undefined;
  /** The page at the endpoint; `false` serves none. @default false */
  readonly graphiql?: GraphiQLOptions | false | undefined;
  /** Answers `__schema` and `__type`; `_service` stays open either way. @default false */
  readonly introspection?: boolean | undefined;
  /** More Yoga plugins, run after the gateway's own. Their hooks see every operation, at a cost. */
  readonly plugins?: readonly Plugin[] | undefined;
}

/** Yoga: whatever is no plain operation, and all of it for those who embed the gateway. */
export interface FetchDoor {
  readonly endpoint: string;
  /** Whether other plugins have to see every operation, so that none may run by its plan. */
  readonly hasPlugins: boolean;
  /** Answers a request that another door has read, without the headers which that door writes. */
  handle(request: Request, incoming: Incoming): Promise<Response>;
  /**
   * Runs an operation that came by no HTTP request of its own. Whatever goes wrong is a result; one
   * without `data` says that nothing was run.
   */
  readonly execute: (
    parameters: Parameters,
    incoming: Incoming,
  ) => Promise<ExecutionResult | AsyncIterable<ExecutionResult>>;
  /** Answers a request from beginning to end. */
  fetch(request: Request, known?: KnownOfRequest): Promise<Response>;
}

/** What is known of a request ahead of the door. */
export interface KnownOfRequest {
  /** @default the request's `x-request-id`, or one that is made up */
  readonly requestId?: string;
  /** Where the engine notes what it has to tell. @default one that nobody reads */
  readonly outgoing?: Outgoing;
  /** @default null, nothing is traced */
  readonly span?: Span | null;
}

export function createFetchDoor(options: FetchDoorOptions): FetchDoor {
  const { engine, cors, endpoint = '/graphql', graphiql = false, plugins = [] } = options;
  const yoga = createYoga<EngineServerContext>({
    schema: engine.schema,
    graphqlEndpoint: endpoint,
    graphiql: false,
    landingPage: false,
    multipart: false,
    batching: false,
    // The HTTP layer refuses large bodies; here the check would pipe each one through a stream.
    maxRequestBodySize: false,
    // Every door writes these headers by itself, on refusals too.
    cors: false,
    parserAndValidationCache: {
      documentCache: createTextCache(),
      errorCache: createTextCache(),
    },
    maskedErrors: { errorMessage: 'Unexpected error.', maskError: engine.mask },
    // The mask tells of bugs.
    logging: false,
    plugins: [
      useEngine(engine, { learns: plugins.length === 0 }),
      ...(graphiql === false ? [] : [useGraphiQL(endpoint, graphiql)]),
      ...(options.introspection === true ? [] : [useNoIntrospection()]),
      ...plugins,
    ],
  });

  async function handle(request: Request, incoming: Incoming): Promise<Response> {
    return yoga.fetch(request, { incoming, document: null });
  }

  async function execute(
    parameters: Parameters,
    incoming: Incoming,
  ): Promise<ExecutionResult | AsyncIterable<ExecutionResult>> {
    try {
      const named = engine.resolveDocument(parameters);
      const { operationName, variables } = parameters;
      const params = { query: named.text, operationName, variables };
      const run = yoga.getEnveloped({ incoming, document: named, params } as never);
      const document = run.parse(named.text) as DocumentNode;
      const errors = run.validate(engine.schema, document) as readonly GraphQLError[];
      if (errors.length > 0) return { errors };
      const contextValue: unknown = await run.contextFactory();
      const { schema } = engine;
      const args = { schema, document, operationName, variableValues: variables, contextValue };
      const operation = getOperationAST(document, operationName)?.operation;
      return await (operation === OperationTypeNode.SUBSCRIPTION
        ? (run.subscribe(args) as ReturnType<typeof execute>)
        : (run.execute(args) as ReturnType<typeof execute>));
    } catch (error) {
      return { errors: [engine.mask(error)] };
    }
  }

  return {
    endpoint,
    hasPlugins: plugins.length > 0,
    handle,
    execute,
    async fetch(request, known = {}) {
      const { headers } = request;
      const { requestId, outgoing = new Outgoing(), span = null } = known;
      const incoming: Incoming = {
        requestId: requestId ?? acceptRequestId(headers.get('x-request-id')),
        authorization: headers.get('authorization'),
        trace: readTraceContext(headers.get('traceparent'), headers.get('tracestate')),
        span,
        departure: departureOf(request.signal),
        outgoing,
      };
      const origin = headers.get('origin');
      const preflight = cors.preflightHeaders(request.method, origin, (name) => headers.get(name));
      const response =
        preflight === null
          ? await handle(request, incoming)
          : new yoga.fetchAPI.Response(null, { status: 204, headers: preflight });
      const more = preflight === null ? cors.headersFor(origin) : {};
      addResponseHeaders(response.headers, incoming, more);
      return response;
    },
  };
}
