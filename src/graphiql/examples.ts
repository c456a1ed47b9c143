import type { GraphiQLTab } from './page.ts';

const id = 'ctx_123';

/** Tabs that run as they stand against the sandbox, in this order or any other. */
export const graphiqlExamples: readonly GraphiQLTab[] = [
  {
    query: `# Replaces the stored context as a whole.
# A field left out keeps what is stored.
mutation UpdateContext(
  $id: ID!
  $input: UpdateExecutionContextInput!
) {
  updateExecutionContext(id: $id, input: $input) {
    __typename
    ... on AiExecutionContext {
      id
      sessionId
      context
    }
    ... on ExecutionContextError {
      code
      message
      requestId
    }
  }
}`,
    variables: {
      id,
      input: {
        context: {
          current_step: 'processing',
          progress: 75,
          results: { analyzed_documents: 10, extracted_entities: 25 },
        },
        sessionId: 'session_456',
      },
    },
  },
  {
    query: `# Reads back what the update wrote.
query ReadContext($id: ID!) {
  executionContext(id: $id) {
    __typename
    ... on AiExecutionContext {
      id
      agentId
      workflowId
      userId
      sessionId
      context
      createdAt
    }
    ... on ExecutionContextError {
      code
      message
      requestId
    }
  }
}`,
    variables: { id },
  },
  {
    query: `# An error is data: one of the result's types.
query MissingContext($id: ID!) {
  executionContext(id: $id) {
    __typename
    ... on AiExecutionContext {
      id
      context
    }
    ... on ExecutionContextNotFoundError {
      missingId: id
    }
    ... on ExecutionContextError {
      code
      message
      requestId
    }
  }
}`,
    variables: { id: 'ctx_missing' },
  },
  {
    query: `# Your own contexts, a page at a time.
query ListContexts($page: Int!, $perPage: Int!) {
  executionContexts(page: $page, perPage: $perPage) {
    __typename
    ... on ExecutionContextPage {
      items {
        id
        agentId
        sessionId
        context
        createdAt
      }
      hasMore
    }
    ... on ExecutionContextError {
      code
      message
      requestId
    }
  }
}`,
    variables: { page: 1, perPage: 20 },
  },
];
