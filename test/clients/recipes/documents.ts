import { graphql } from './generated/gql.ts';

/** Spread in every operation: `runWithRecovery` reads it, and what it does not handle is for a person. */
export const failure = graphql(`
  fragment Failure on ExecutionContextError {
    __typename
    code
    message
    requestId
    ... on ExecutionContextRateLimitError {
      retryAfterMs
    }
    ... on ExecutionContextUpstreamError {
      retryable
    }
  }
`);

export const contextQuery = graphql(`
  query Context($id: ID!) {
    executionContext(id: $id) {
      ... on AiExecutionContext {
        id
        version
        sessionId
        context
      }
      ...Failure
    }
  }
`);

export const contextsQuery = graphql(`
  query Contexts($page: Int!) {
    executionContexts(page: $page) {
      ... on ExecutionContextPage {
        items {
          id
          version
          sessionId
          context
        }
        hasMore
      }
      ...Failure
    }
  }
`);

export const mergeMutation = graphql(`
  mutation Merge($id: ID!, $patch: JSONObject!) {
    mergeExecutionContext(id: $id, input: { patch: $patch }) {
      ... on AiExecutionContext {
        id
        version
        sessionId
        context
      }
      ...Failure
    }
  }
`);

export const deleteMutation = graphql(`
  mutation Delete($id: ID!) {
    deleteExecutionContext(id: $id) {
      ... on DeletedExecutionContext {
        deletedId
      }
      ...Failure
    }
  }
`);

export const watchSubscription = graphql(`
  subscription Watch($id: ID!) {
    executionContextUpdated(id: $id) {
      ... on AiExecutionContext {
        id
        version
        sessionId
        context
      }
      ... on DeletedExecutionContext {
        deletedId
      }
      ...Failure
    }
  }
`);

/** The key that codegen's `persistedDocuments` has put into a document. */
export function hashOf(document: object): string {
  return (document as { __meta__: { hash: string } }).__meta__.hash;
}
