import {
  getOperationAST,
  OperationTypeNode,
  GraphQLError,
  type DocumentNode,
  type ExecutionResult,
} from 'graphql';
import { createYoga, isAsyncIterable, type Plugin } from 'graphql-yoga';

import type { Engine } from '../../engine/engine.ts';
import type { Incoming } from '../../engine/incoming.ts';
import type { Parameters } from '../../engine/parameters.ts';
import { createTextCache } from '../../engine/plan-cache.ts';
import { useGraphiQL, type GraphiQLOptions } from './graphiql/index.ts';
import { useEngine, type EngineServerContext } from './use-engine.ts';
import { removeSuggestions, useNoIntrospection } from './use-no-introspection.ts';

export interface YogaServerOptions {
  readonly engine: Engine;
  /** The path of the GraphQL endpoint. */
  readonly endpoint: string;
  /** The GraphiQL page at the endpoint; `false` serves none. @default false */
  readonly graphiql?: GraphiQLOptions | false | undefined;
  /** Whether `__schema` and `__type` are allowed. `_service` always is. @default false */
  readonly introspection?: boolean | undefined;
  /**
   * Further Yoga plugins, which run after the gateway's own. With any, Yoga executes every operation,
   * so that their hooks see it, and none is planned. @default []
   */
  readonly plugins?: readonly Plugin[] | undefined;
}

/** Yoga, as the doors use it. */
export interface YogaServer {
  /** Executes a request that another door has read. The response has no headers that the door adds. */
  readonly handle: (request: Request, incoming: Incoming) => Promise<Response>;
  /**
   * Executes an operation that has no HTTP request of its own, such as one over WebSocket. Every error
   * is a result; in a result without `data`, nothing was run.
   */
  readonly execute: (
    parameters: Parameters,
    incoming: Incoming,
  ) => Promise<ExecutionResult | AsyncIterable<ExecutionResult>>;
}

/** Creates a Yoga server that uses the engine's parts. Importing this module loads Yoga. */
export function createYogaServer(options: YogaServerOptions): YogaServer {
  const { engine, endpoint, graphiql = false, introspection = false, plugins = [] } = options;
  const yoga = createYoga<EngineServerContext>({
    schema: engine.schema,
    graphqlEndpoint: endpoint,
    graphiql: false,
    landingPage: false,
    multipart: false,
    batching: false,
    // The HTTP layer refuses large bodies. Yoga's check would pipe each body through a stream.
    maxRequestBodySize: false,
    // Each door writes these headers itself, also for refusals.
    cors: false,
    parserAndValidationCache: {
      documentCache: createTextCache(),
      errorCache: createTextCache(),
    },
    maskedErrors: { errorMessage: 'Unexpected error.', maskError: engine.mask },
    // The mask logs bugs.
    logging: false,
    plugins: [
      useEngine(engine, { learns: plugins.length === 0 }),
      ...(graphiql === false ? [] : [useGraphiQL(endpoint, graphiql)]),
      ...(introspection ? [] : [useNoIntrospection()]),
      ...plugins,
    ],
  });

  async function perform(
    parameters: Parameters,
    incoming: Incoming,
  ): ReturnType<YogaServer['execute']> {
    try {
      const named = engine.resolveDocument(parameters);
      const { operationName, variables } = parameters;
      const params = { query: named.text, operationName, variables };
      const run = yoga.getEnveloped({ incoming, document: named, params } as never);
      const document = run.parse(named.text) as DocumentNode;
      const operation = getOperationAST(document, operationName)?.operation;
      if (operation === undefined) return { errors: [undetermined()] };
      const errors = run.validate(engine.schema, document) as readonly GraphQLError[];
      if (errors.length > 0) return { errors };
      const contextValue: unknown = await run.contextFactory();
      const { schema } = engine;
      const args = { schema, document, operationName, variableValues: variables, contextValue };
      return await (operation === OperationTypeNode.SUBSCRIPTION
        ? (run.subscribe(args) as ReturnType<typeof perform>)
        : (run.execute(args) as ReturnType<typeof perform>));
    } catch (error) {
      return { errors: [engine.mask(error)] };
    }
  }

  return {
    handle: async (request, incoming) => yoga.fetch(request, { incoming, document: null }),
    async execute(parameters, incoming) {
      const result = await perform(parameters, incoming);
      if (!introspection && !isAsyncIterable(result)) removeSuggestions(result);
      return result;
    },
  };
}

/** The error with which Yoga refuses such a request over HTTP. */
function undetermined(): GraphQLError {
  return new GraphQLError('Could not determine what operation to execute.', {
    extensions: { code: 'OPERATION_RESOLUTION_FAILURE' },
  });
}
