import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSchema, createYoga } from 'graphql-yoga';
import { graphiqlExamples, useGraphiQL } from '../../../../src/doors/fetch/graphiql/index.ts';
import type { GraphiQLOptions } from '../../../../src/doors/fetch/graphiql/index.ts';

interface StubContext {
  readonly id: string;
  context?: unknown;
  sessionId?: string;
}

const typeDefs = /* GraphQL */ `
  scalar JSON
  "The state of one agent's run."
  type AiExecutionContext {
    id: ID!
    agentId: ID
    workflowId: ID
    userId: ID
    sessionId: ID
    context: JSON
    createdAt: String
  }
  interface ExecutionContextError {
    message: String!
    code: String!
    requestId: ID!
  }
  type ExecutionContextNotFoundError implements ExecutionContextError {
    message: String!
    code: String!
    requestId: ID!
    id: ID
  }
  type ExecutionContextAuthenticationError implements ExecutionContextError {
    message: String!
    code: String!
    requestId: ID!
  }
  type ExecutionContextPage {
    items: [AiExecutionContext!]!
    hasMore: Boolean!
  }
  union ExecutionContextResult =
    | AiExecutionContext
    | ExecutionContextNotFoundError
    | ExecutionContextAuthenticationError
  union ExecutionContextsResult = ExecutionContextPage | ExecutionContextAuthenticationError
  input UpdateExecutionContextInput {
    context: JSON
    sessionId: ID
  }
  type Query {
    executionContext(id: ID!): ExecutionContextResult!
    executionContexts(page: Int! = 1, perPage: Int! = 20): ExecutionContextsResult!
  }
  type Mutation {
    updateExecutionContext(id: ID!, input: UpdateExecutionContextInput!): ExecutionContextResult!
  }
`;

interface StubGatewayOptions extends GraphiQLOptions {
  /** The one bearer token that is taken, and that the page hands out. */
  readonly token: string;
}

/** A gateway of the real one's shape that holds one context. */
export interface StubGateway extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

/** @param port @default 0, which picks a free one */
export async function startStubGateway(
  options: StubGatewayOptions,
  port = 0,
): Promise<StubGateway> {
  const yoga = createStubYoga(options);
  const server = createServer((request, response) => void yoga(request, response));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}/graphql`,
    port: address.port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function createStubYoga({ token, ...graphiql }: StubGatewayOptions) {
  const stored: StubContext = { id: 'ctx_123' };
  const requestId = 'request-1';

  function answered<Args>(work: (args: Args) => unknown) {
    return (_: unknown, args: Args, { request }: { request: Request }) =>
      request.headers.get('authorization') === `Bearer ${token}`
        ? work(args)
        : {
            __typename: 'ExecutionContextAuthenticationError',
            code: 'UNAUTHENTICATED',
            message: 'The token is not the one of this run.',
            requestId,
          };
  }
  const found = (id: string) =>
    id === stored.id
      ? { __typename: 'AiExecutionContext', ...stored }
      : {
          __typename: 'ExecutionContextNotFoundError',
          code: 'NOT_FOUND',
          message: `No context ${id}.`,
          requestId,
          id,
        };

  return createYoga({
    schema: createSchema({
      typeDefs,
      resolvers: {
        Query: {
          executionContext: answered(({ id }: { id: string }) => found(id)),
          executionContexts: answered(() => ({
            __typename: 'ExecutionContextPage',
            items: [stored],
            hasMore: false,
          })),
        },
        Mutation: {
          updateExecutionContext: answered(
            ({ id, input }: { id: string; input: Partial<StubContext> }) => {
              if (id === stored.id) Object.assign(stored, input);
              return found(id);
            },
          ),
        },
      },
    }),
    graphiql: false,
    landingPage: false,
    logging: false,
    plugins: [
      useGraphiQL('/graphql', {
        title: 'Execution contexts',
        tabs: graphiqlExamples,
        headers: async () => ({ authorization: `Bearer ${token}` }),
        ...graphiql,
      }),
    ],
  });
}
