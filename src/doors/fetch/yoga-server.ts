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
  /** Where GraphQL is. */
  readonly endpoint: string;
  /** The page at the endpoint; `false` serves none. @default false */
  readonly graphiql?: GraphiQLOptions | false | undefined;
  /** Answers `__schema` and `__type`; `_service` stays open either way. @default false */
  readonly introspection?: boolean | undefined;
  /** More Yoga plugins, run after the gateway's own. Their hooks see every operation, at a cost. */
  readonly plugins?: readonly Plugin[] | undefined;
}

export interface YogaServer {
  /** Answers a request that another door has read, without the headers which that door writes. */
  readonly handle: (request: Request, incoming: Incoming) => Promise<Response>;
  /**
   * Runs an operation that came by no HTTP request of its own. Whatever goes wrong is a result; one
   * without `data` says that nothing was run.
   */
  readonly execute: (
    parameters: Parameters,
    incoming: Incoming,
  ) => Promise<ExecutionResult | AsyncIterable<ExecutionResult>>;
}

/** Yoga, made of the engine's parts. Importing this loads Yoga. */
export function createYogaServer(options: YogaServerOptions): YogaServer {
  const { engine, endpoint, graphiql = false, introspection = false, plugins = [] } = options;
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

/** As Yoga refuses it over HTTP. */
function undetermined(): GraphQLError {
  return new GraphQLError('Could not determine what operation to execute.', {
    extensions: { code: 'OPERATION_RESOLUTION_FAILURE' },
  });
}
