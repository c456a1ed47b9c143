import { graphql } from './generated/index.ts';
import type { FailureFragment, RunFragment } from './generated/graphql.ts';

export type Run = RunFragment;
/** One of the seven errors that a result may be in place of what was asked for. */
export type Failure = FailureFragment;

export const watchRun = graphql(/* GraphQL */ `
  subscription WatchRun($id: ID!) {
    executionContextUpdated(id: $id) {
      __typename
      ...Run
      ...Failure
      ... on DeletedExecutionContext {
        deletedId
      }
    }
  }
`);

export const readRun = graphql(/* GraphQL */ `
  query ReadRun($id: ID!) {
    executionContext(id: $id) {
      __typename
      ...Run
      ...Failure
    }
  }
`);

export const listRuns = graphql(/* GraphQL */ `
  query ListRuns($perPage: Int!) {
    executionContexts(perPage: $perPage) {
      __typename
      ... on ExecutionContextPage {
        items {
          ...Run
        }
        hasMore
      }
      ...Failure
    }
  }
`);

export const mergeIntoRun = graphql(/* GraphQL */ `
  mutation MergeIntoRun($id: ID!, $input: MergeExecutionContextInput!) {
    mergeExecutionContext(id: $id, input: $input) {
      __typename
      ...Run
      ...Failure
    }
  }
`);

export const updateRun = graphql(/* GraphQL */ `
  mutation UpdateRun($id: ID!, $input: UpdateExecutionContextInput!) {
    updateExecutionContext(id: $id, input: $input) {
      __typename
      ...Run
      ...Failure
    }
  }
`);

graphql(/* GraphQL */ `
  fragment Run on AiExecutionContext {
    __typename
    id
    agentId
    workflowId
    sessionId
    context
    createdAt
    version
  }
`);

graphql(/* GraphQL */ `
  fragment Failure on ExecutionContextError {
    __typename
    code
    message
    requestId
    ... on ExecutionContextInputError {
      issues {
        path
        message
      }
    }
    ... on ExecutionContextNotFoundError {
      executionContextId
    }
    ... on ExecutionContextConflictError {
      currentVersion
    }
    ... on ExecutionContextRateLimitError {
      source
      retryAfterMs
      limit
      windowMs
    }
    ... on ExecutionContextUpstreamError {
      status
      retryable
    }
  }
`);
