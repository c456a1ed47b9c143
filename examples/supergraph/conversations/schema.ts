import { readFileSync } from 'node:fs';

import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse, type GraphQLSchema } from 'graphql';

import type { Conversation } from './conversation.ts';

export const conversationsSdl = readFileSync(new URL('./schema.graphql', import.meta.url), 'utf8');

interface Reference {
  readonly __typename: 'AiExecutionContext';
  readonly id: string;
}

/**
 * A subgraph as another team would write it. It names things as it likes (`NotFoundError`, an
 * `Error` interface, `ErrorCode`, `JSON`) and knows no more of an execution context than its key.
 */
export function createConversationsSchema(conversations: readonly Conversation[]): GraphQLSchema {
  return buildSubgraphSchema({
    typeDefs: parse(conversationsSdl),
    resolvers: {
      Query: {
        conversation: (_root: unknown, { id }: { id: string }) =>
          conversations.find((conversation) => conversation.id === id) ?? {
            __typename: 'NotFoundError',
            code: 'NOT_FOUND',
            message: 'There is no such conversation.',
          },
        conversations: (_root: unknown, { first }: { first: number }) =>
          conversations.slice(0, Math.max(0, first)),
      },
      ConversationResult: {
        __resolveType: (result: Conversation | { readonly __typename: string }) =>
          '__typename' in result ? result.__typename : 'Conversation',
      },
      Conversation: {
        __resolveReference: ({ id }: Pick<Conversation, 'id'>) =>
          conversations.find((conversation) => conversation.id === id),
        executionContext: ({ executionContextId }: Conversation): Reference => ({
          __typename: 'AiExecutionContext',
          id: executionContextId,
        }),
      },
      AiExecutionContext: {
        conversations: ({ id }: Reference) =>
          conversations.filter(({ executionContextId }) => executionContextId === id),
      },
    },
  });
}
