/* eslint-disable */
import * as types from './graphql.ts';



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
    "\n  fragment Failure on ExecutionContextError {\n    __typename\n    code\n    message\n    requestId\n    ... on ExecutionContextInputError {\n      issues {\n        path\n        message\n      }\n    }\n    ... on ExecutionContextConflictError {\n      currentVersion\n    }\n    ... on ExecutionContextRateLimitError {\n      retryAfterMs\n    }\n    ... on ExecutionContextUpstreamError {\n      retryable\n    }\n  }\n": typeof types.FailureFragmentDoc,
    "\n  mutation MergeProgress($id: ID!, $input: MergeExecutionContextInput!) {\n    mergeExecutionContext(id: $id, input: $input) {\n      __typename\n      ... on AiExecutionContext {\n        id\n        context\n        version\n      }\n      ...Failure\n    }\n  }\n": typeof types.MergeProgressDocument,
    "\n  mutation UpdateContext($id: ID!, $input: UpdateExecutionContextInput!) {\n    updateExecutionContext(id: $id, input: $input) {\n      __typename\n      ... on AiExecutionContext {\n        id\n        sessionId\n        context\n      }\n      ...Failure\n    }\n  }\n": typeof types.UpdateContextDocument,
};
const documents: Documents = {
    "\n  fragment Failure on ExecutionContextError {\n    __typename\n    code\n    message\n    requestId\n    ... on ExecutionContextInputError {\n      issues {\n        path\n        message\n      }\n    }\n    ... on ExecutionContextConflictError {\n      currentVersion\n    }\n    ... on ExecutionContextRateLimitError {\n      retryAfterMs\n    }\n    ... on ExecutionContextUpstreamError {\n      retryable\n    }\n  }\n": types.FailureFragmentDoc,
    "\n  mutation MergeProgress($id: ID!, $input: MergeExecutionContextInput!) {\n    mergeExecutionContext(id: $id, input: $input) {\n      __typename\n      ... on AiExecutionContext {\n        id\n        context\n        version\n      }\n      ...Failure\n    }\n  }\n": types.MergeProgressDocument,
    "\n  mutation UpdateContext($id: ID!, $input: UpdateExecutionContextInput!) {\n    updateExecutionContext(id: $id, input: $input) {\n      __typename\n      ... on AiExecutionContext {\n        id\n        sessionId\n        context\n      }\n      ...Failure\n    }\n  }\n": types.UpdateContextDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Failure on ExecutionContextError {\n    __typename\n    code\n    message\n    requestId\n    ... on ExecutionContextInputError {\n      issues {\n        path\n        message\n      }\n    }\n    ... on ExecutionContextConflictError {\n      currentVersion\n    }\n    ... on ExecutionContextRateLimitError {\n      retryAfterMs\n    }\n    ... on ExecutionContextUpstreamError {\n      retryable\n    }\n  }\n"): typeof import('./graphql.ts').FailureFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation MergeProgress($id: ID!, $input: MergeExecutionContextInput!) {\n    mergeExecutionContext(id: $id, input: $input) {\n      __typename\n      ... on AiExecutionContext {\n        id\n        context\n        version\n      }\n      ...Failure\n    }\n  }\n"): typeof import('./graphql.ts').MergeProgressDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpdateContext($id: ID!, $input: UpdateExecutionContextInput!) {\n    updateExecutionContext(id: $id, input: $input) {\n      __typename\n      ... on AiExecutionContext {\n        id\n        sessionId\n        context\n      }\n      ...Failure\n    }\n  }\n"): typeof import('./graphql.ts').UpdateContextDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
