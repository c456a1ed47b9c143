import type { GraphiQLTab } from './page.ts';

const id = 'ctx_123';

/** Two more than the limit of writes in one second. */
const limitedCalls = Array.from(
  { length: 12 },
  (_, i) => `  call${i + 1}: mergeExecutionContext(id: $id, input: $input) { ...Outcome }`,
).join('\n');

/** Tabs that can be run against the sandbox unchanged, in any order. */
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
    query: `# Changes some of the state, in one operation:
# what the patch does not name stays as it is.
# ifVersion would refuse it after other writes.
mutation MergeContext(
  $id: ID!
  $input: MergeExecutionContextInput!
) {
  mergeExecutionContext(id: $id, input: $input) {
    __typename
    ... on AiExecutionContext {
      id
      sessionId
      context
      version
    }
    ... on ExecutionContextConflictError {
      currentVersion
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
        patch: { current_step: 'validation', progress: 90, last_update: '2026-03-02T09:20:00Z' },
      },
    },
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
      executionContextId
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
  {
    // GraphiQL ends a subscription when its tab is left.
    query: `# Shows the state, and each new one as it is
# written. It runs while this tab is in front: run
# UpdateContext and MergeContext in another window.
subscription WatchContext($id: ID!) {
  executionContextUpdated(id: $id) {
    __typename
    ... on AiExecutionContext {
      id
      sessionId
      context
      version
    }
    ... on DeletedExecutionContext {
      deletedId
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
    query: `# A user has ten writes a second. These are twelve:
# the last two are RATE_LIMITED, and wrote nothing.
# Try those again after retryAfterMs milliseconds.
mutation HitLimit(
  $id: ID!
  $input: MergeExecutionContextInput!
) {
${limitedCalls}
}

fragment Outcome on MergeExecutionContextResult {
  __typename
  ... on ExecutionContextRateLimitError {
    code
    retryAfterMs
    limit
    windowMs
  }
}`,
    variables: { id: 'ctx_research', input: { patch: { step: 3 } } },
  },
];
