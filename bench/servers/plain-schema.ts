/**
 * The schema that the other GraphQL servers serve: the part of the gateway's that the bench asks for,
 * so that all answer the same documents. It has no identity, limits or checks.
 */
import { toExecutionContext, toPage, toRestRequest } from './rest-mapping.ts';
import type { RestRequest, StoredPage, UpdateInput, Variables } from './rest-mapping.ts';
import type { StoredContext } from './stored-context.ts';

export const typeDefs = /* GraphQL */ `
  scalar JSON
  scalar DateTime

  type AiExecutionContext {
    id: ID!
    agentId: ID
    workflowId: ID
    userId: ID
    sessionId: ID
    context: JSON
    createdAt: DateTime
  }

  type ExecutionContextPage {
    items: [AiExecutionContext!]!
    hasMore: Boolean!
  }

  interface ExecutionContextError {
    message: String!
    code: String!
  }

  type ExecutionContextUpstreamError implements ExecutionContextError {
    message: String!
    code: String!
  }

  union ExecutionContextResult = AiExecutionContext | ExecutionContextUpstreamError
  union ExecutionContextsResult = ExecutionContextPage | ExecutionContextUpstreamError
  union UpdateExecutionContextResult = AiExecutionContext | ExecutionContextUpstreamError

  input UpdateExecutionContextInput {
    context: JSON
    sessionId: ID
  }

  type Query {
    executionContext(id: ID!): ExecutionContextResult!
    executionContexts(page: Int! = 1, perPage: Int! = 20, agentId: ID): ExecutionContextsResult!
  }

  type Mutation {
    updateExecutionContext(
      id: ID!
      input: UpdateExecutionContextInput!
    ): UpdateExecutionContextResult!
  }
`;

/** Asks the REST API, and parses the body of its 200. */
export type Ask = (request: RestRequest) => Promise<unknown>;

/** What the resolvers need of a request. */
export interface PlainContext {
  readonly ask: Ask;
}

async function one(ask: Ask, variables: Variables): Promise<unknown> {
  const stored = (await ask(toRestRequest(variables))) as StoredContext;
  return { __typename: 'AiExecutionContext', ...toExecutionContext(stored) };
}

export const resolvers = {
  Query: {
    executionContext: (_: unknown, { id }: { id: string }, { ask }: PlainContext) =>
      one(ask, { id }),
    async executionContexts(_: unknown, list: Variables, { ask }: PlainContext): Promise<unknown> {
      const stored = (await ask(toRestRequest(list))) as StoredPage;
      return { __typename: 'ExecutionContextPage', ...toPage(stored) };
    },
  },
  Mutation: {
    updateExecutionContext: (
      _: unknown,
      { id, input }: { id: string; input: UpdateInput },
      { ask }: PlainContext,
    ) => one(ask, { id, input }),
  },
};
