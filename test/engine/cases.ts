import type { RawHeader, RawRequest } from './raw-http.ts';

/**
 * Which way a gateway goes that has seen the request before; `refused`: neither, as the HTTP layer
 * refuses it.
 */
export type Way = 'plan' | 'yoga' | 'refused';

/** A request of the one list that is sent both ways. */
export type TwoWaysCase = readonly [name: string, way: Way, request: RawRequest];

export const json: RawHeader = ['content-type', 'application/json'];
export const strict: readonly RawHeader[] = [json, ['accept', 'application/graphql-response+json']];

/** A request whose body is JSON text. */
export function post(body: RawRequest['body'], headers: readonly RawHeader[] = [json]): RawRequest {
  return { headers, body };
}

/** A request for an operation; what is undefined is left out. */
export function ask(query: string, variables?: object, more: object = {}): RawRequest {
  return post(JSON.stringify({ query, variables, ...more }));
}

export const errorFields = `... on ExecutionContextError { __typename code message requestId }
  ... on ExecutionContextInputError { issues { path message } }
  ... on ExecutionContextNotFoundError { executionContextId }
  ... on ExecutionContextConflictError { currentVersion }
  ... on ExecutionContextRateLimitError { source retryAfterMs limit windowMs }
  ... on ExecutionContextUpstreamError { status retryable }`;
const contextFields = `id agentId workflowId userId sessionId context createdAt version`;
export const result = `{ __typename ... on AiExecutionContext { ${contextFields} } ${errorFields} }`;

export const read = `query Read($id: ID!) { executionContext(id: $id) ${result} }`;
export const list = `query List($page: Int! = 1, $perPage: Int! = 20, $agentId: ID) {
  executionContexts(page: $page, perPage: $perPage, agentId: $agentId) {
    __typename ... on ExecutionContextPage { hasMore items { ${contextFields} } } ${errorFields} } }`;
export const update = `mutation Update($id: ID!, $input: UpdateExecutionContextInput!) {
  updateExecutionContext(id: $id, input: $input) ${result} }`;
export const create = `mutation Create($input: CreateExecutionContextInput!) {
  createExecutionContext(input: $input) ${result} }`;
export const merge = `mutation Merge($id: ID!, $input: MergeExecutionContextInput!) {
  mergeExecutionContext(id: $id, input: $input) ${result} }`;
export const remove = `mutation Remove($id: ID!) { deleteExecutionContext(id: $id) {
  ... on DeletedExecutionContext { deletedId } ${errorFields} } }`;
export const readOne = ask(read, { id: 'ctx_1' });
