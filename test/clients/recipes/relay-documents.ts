import { graphql } from 'relay-runtime';

/** Spread in every operation: `runWithRecovery` reads it. */
export const failure = graphql`
  fragment relayDocuments_failure on ExecutionContextError @inline {
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
`;

export const contextQuery = graphql`
  query relayDocumentsContextQuery($id: ID!) {
    executionContext(id: $id) {
      __typename
      ... on AiExecutionContext {
        id
        version
        sessionId
        context
      }
      ...relayDocuments_failure @alias(as: "failure")
    }
  }
`;

export const mergeMutation = graphql`
  mutation relayDocumentsMergeMutation($id: ID!, $patch: JSONObject!) {
    mergeExecutionContext(id: $id, input: { patch: $patch }) {
      __typename
      ... on AiExecutionContext {
        id
        version
        sessionId
        context
      }
      ...relayDocuments_failure @alias(as: "failure")
    }
  }
`;

// `@deleteRecord` takes the context out of the store, wherever it is shown.
export const deleteMutation = graphql`
  mutation relayDocumentsDeleteMutation($id: ID!) {
    deleteExecutionContext(id: $id) {
      __typename
      ... on DeletedExecutionContext {
        deletedId @deleteRecord
      }
      ...relayDocuments_failure @alias(as: "failure")
    }
  }
`;

export const watchSubscription = graphql`
  subscription relayDocumentsWatchSubscription($id: ID!) {
    executionContextUpdated(id: $id) {
      __typename
      ... on AiExecutionContext {
        id
        version
        sessionId
        context
      }
      ... on DeletedExecutionContext {
        deletedId @deleteRecord
      }
      ...relayDocuments_failure @alias(as: "failure")
    }
  }
`;
