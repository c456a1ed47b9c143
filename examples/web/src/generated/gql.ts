/* eslint-disable */
import * as types from './graphql.ts';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  subscription WatchRun($id: ID!) {\n    executionContextUpdated(id: $id) {\n      __typename\n      ...Run\n      ...Failure\n      ... on DeletedExecutionContext {\n        deletedId\n      }\n    }\n  }\n": typeof types.WatchRunDocument,
    "\n  query ReadRun($id: ID!) {\n    executionContext(id: $id) {\n      __typename\n      ...Run\n      ...Failure\n    }\n  }\n": typeof types.ReadRunDocument,
    "\n  query ListRuns($perPage: Int!) {\n    executionContexts(perPage: $perPage) {\n      __typename\n      ... on ExecutionContextPage {\n        items {\n          ...Run\n        }\n        hasMore\n      }\n      ...Failure\n    }\n  }\n": typeof types.ListRunsDocument,
    "\n  mutation MergeIntoRun($id: ID!, $input: MergeExecutionContextInput!) {\n    mergeExecutionContext(id: $id, input: $input) {\n      __typename\n      ...Run\n      ...Failure\n    }\n  }\n": typeof types.MergeIntoRunDocument,
    "\n  mutation UpdateRun($id: ID!, $input: UpdateExecutionContextInput!) {\n    updateExecutionContext(id: $id, input: $input) {\n      __typename\n      ...Run\n      ...Failure\n    }\n  }\n": typeof types.UpdateRunDocument,
    "\n  fragment Run on AiExecutionContext {\n    __typename\n    id\n    agentId\n    workflowId\n    sessionId\n    context\n    createdAt\n    version\n  }\n": typeof types.RunFragmentDoc,
    "\n  fragment Failure on ExecutionContextError {\n    __typename\n    code\n    message\n    requestId\n    ... on ExecutionContextInputError {\n      issues {\n        path\n        message\n      }\n    }\n    ... on ExecutionContextNotFoundError {\n      executionContextId\n    }\n    ... on ExecutionContextConflictError {\n      currentVersion\n    }\n    ... on ExecutionContextRateLimitError {\n      source\n      retryAfterMs\n      limit\n      windowMs\n    }\n    ... on ExecutionContextUpstreamError {\n      status\n      retryable\n    }\n  }\n": typeof types.FailureFragmentDoc,
};
const documents: Documents = {
    "\n  subscription WatchRun($id: ID!) {\n    executionContextUpdated(id: $id) {\n      __typename\n      ...Run\n      ...Failure\n      ... on DeletedExecutionContext {\n        deletedId\n      }\n    }\n  }\n": types.WatchRunDocument,
    "\n  query ReadRun($id: ID!) {\n    executionContext(id: $id) {\n      __typename\n      ...Run\n      ...Failure\n    }\n  }\n": types.ReadRunDocument,
    "\n  query ListRuns($perPage: Int!) {\n    executionContexts(perPage: $perPage) {\n      __typename\n      ... on ExecutionContextPage {\n        items {\n          ...Run\n        }\n        hasMore\n      }\n      ...Failure\n    }\n  }\n": types.ListRunsDocument,
    "\n  mutation MergeIntoRun($id: ID!, $input: MergeExecutionContextInput!) {\n    mergeExecutionContext(id: $id, input: $input) {\n      __typename\n      ...Run\n      ...Failure\n    }\n  }\n": types.MergeIntoRunDocument,
    "\n  mutation UpdateRun($id: ID!, $input: UpdateExecutionContextInput!) {\n    updateExecutionContext(id: $id, input: $input) {\n      __typename\n      ...Run\n      ...Failure\n    }\n  }\n": types.UpdateRunDocument,
    "\n  fragment Run on AiExecutionContext {\n    __typename\n    id\n    agentId\n    workflowId\n    sessionId\n    context\n    createdAt\n    version\n  }\n": types.RunFragmentDoc,
    "\n  fragment Failure on ExecutionContextError {\n    __typename\n    code\n    message\n    requestId\n    ... on ExecutionContextInputError {\n      issues {\n        path\n        message\n      }\n    }\n    ... on ExecutionContextNotFoundError {\n      executionContextId\n    }\n    ... on ExecutionContextConflictError {\n      currentVersion\n    }\n    ... on ExecutionContextRateLimitError {\n      source\n      retryAfterMs\n      limit\n      windowMs\n    }\n    ... on ExecutionContextUpstreamError {\n      status\n      retryable\n    }\n  }\n": types.FailureFragmentDoc,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription WatchRun($id: ID!) {\n    executionContextUpdated(id: $id) {\n      __typename\n      ...Run\n      ...Failure\n      ... on DeletedExecutionContext {\n        deletedId\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription WatchRun($id: ID!) {\n    executionContextUpdated(id: $id) {\n      __typename\n      ...Run\n      ...Failure\n      ... on DeletedExecutionContext {\n        deletedId\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ReadRun($id: ID!) {\n    executionContext(id: $id) {\n      __typename\n      ...Run\n      ...Failure\n    }\n  }\n"): (typeof documents)["\n  query ReadRun($id: ID!) {\n    executionContext(id: $id) {\n      __typename\n      ...Run\n      ...Failure\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ListRuns($perPage: Int!) {\n    executionContexts(perPage: $perPage) {\n      __typename\n      ... on ExecutionContextPage {\n        items {\n          ...Run\n        }\n        hasMore\n      }\n      ...Failure\n    }\n  }\n"): (typeof documents)["\n  query ListRuns($perPage: Int!) {\n    executionContexts(perPage: $perPage) {\n      __typename\n      ... on ExecutionContextPage {\n        items {\n          ...Run\n        }\n        hasMore\n      }\n      ...Failure\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation MergeIntoRun($id: ID!, $input: MergeExecutionContextInput!) {\n    mergeExecutionContext(id: $id, input: $input) {\n      __typename\n      ...Run\n      ...Failure\n    }\n  }\n"): (typeof documents)["\n  mutation MergeIntoRun($id: ID!, $input: MergeExecutionContextInput!) {\n    mergeExecutionContext(id: $id, input: $input) {\n      __typename\n      ...Run\n      ...Failure\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpdateRun($id: ID!, $input: UpdateExecutionContextInput!) {\n    updateExecutionContext(id: $id, input: $input) {\n      __typename\n      ...Run\n      ...Failure\n    }\n  }\n"): (typeof documents)["\n  mutation UpdateRun($id: ID!, $input: UpdateExecutionContextInput!) {\n    updateExecutionContext(id: $id, input: $input) {\n      __typename\n      ...Run\n      ...Failure\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Run on AiExecutionContext {\n    __typename\n    id\n    agentId\n    workflowId\n    sessionId\n    context\n    createdAt\n    version\n  }\n"): (typeof documents)["\n  fragment Run on AiExecutionContext {\n    __typename\n    id\n    agentId\n    workflowId\n    sessionId\n    context\n    createdAt\n    version\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Failure on ExecutionContextError {\n    __typename\n    code\n    message\n    requestId\n    ... on ExecutionContextInputError {\n      issues {\n        path\n        message\n      }\n    }\n    ... on ExecutionContextNotFoundError {\n      executionContextId\n    }\n    ... on ExecutionContextConflictError {\n      currentVersion\n    }\n    ... on ExecutionContextRateLimitError {\n      source\n      retryAfterMs\n      limit\n      windowMs\n    }\n    ... on ExecutionContextUpstreamError {\n      status\n      retryable\n    }\n  }\n"): (typeof documents)["\n  fragment Failure on ExecutionContextError {\n    __typename\n    code\n    message\n    requestId\n    ... on ExecutionContextInputError {\n      issues {\n        path\n        message\n      }\n    }\n    ... on ExecutionContextNotFoundError {\n      executionContextId\n    }\n    ... on ExecutionContextConflictError {\n      currentVersion\n    }\n    ... on ExecutionContextRateLimitError {\n      source\n      retryAfterMs\n      limit\n      windowMs\n    }\n    ... on ExecutionContextUpstreamError {\n      status\n      retryable\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;