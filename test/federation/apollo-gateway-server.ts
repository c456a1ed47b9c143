import { createHash, randomUUID } from 'node:crypto';

import { getOperationAST, GraphQLError, print, type ExecutionArgs } from 'graphql';
import { createYoga, type Plugin, type YogaInitialContext } from 'graphql-yoga';

import {
  createApolloGateway,
  type ApolloGatewayOptions,
} from '../../examples/supergraph/apollo-gateway.ts';
import {
  listenOnLoopback,
  type LoopbackServer,
} from '../../examples/supergraph/loopback-server.ts';

type Executor = ReturnType<typeof createApolloGateway>['executor'];
type RequestContext = Parameters<Executor>[0];

/** Serves a supergraph through Apollo Gateway, with Yoga in Apollo Server's place. */
export async function startApolloGateway(options: ApolloGatewayOptions): Promise<LoopbackServer> {
  const gateway = createApolloGateway(options);
  const { schema, executor } = await gateway.load();
  const yoga = createYoga({ schema, logging: false, plugins: [useExecutor(executor)] });
  const server = await listenOnLoopback(yoga);
  return {
    url: server.url,
    async close() {
      await server.close();
      await gateway.stop();
    },
  };
}

/** Lets Apollo Gateway execute what Yoga has parsed and validated. */
function useExecutor(executor: Executor): Plugin {
  return {
    onExecute({ args, setExecuteFn }) {
      const { contextValue, document, operationName, schema, variableValues } =
        args as ExecutionArgs;
      const { headers } = (contextValue as YogaInitialContext).request;
      const operation = getOperationAST(document, operationName);
      if (!operation) throw new GraphQLError('There is no such operation.');
      const source = print(document);
      const requestContext: Partial<RequestContext> = {
        request: { query: source, variables: { ...variableValues } },
        schema,
        context: {
          authorization: headers.get('authorization'),
          requestId: headers.get('x-request-id') ?? randomUUID(),
        },
        queryHash: createHash('sha256').update(source).digest('hex'),
        document,
        source,
        operationName: operationName ?? null,
        operation,
        metrics: {},
        overallCachePolicy: { restrict: () => undefined },
      };
      setExecuteFn(() => executor(requestContext as RequestContext));
    },
  };
}
