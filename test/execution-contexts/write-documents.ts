import { jsonText, parseJson } from '../../src/json/index.ts';
import { dataOf } from '../support/ask.ts';
import type { TestGateway } from '../support/gateway.ts';

/** What a write answered: all fields of whichever member it was. */
export interface WriteResult {
  readonly __typename: string;
  readonly id?: string;
  readonly deletedId?: string;
  readonly sessionId?: string | null;
  readonly context?: unknown;
  readonly version?: string;
  readonly code?: string;
  readonly message?: string;
  readonly issues?: readonly { readonly path: readonly string[]; readonly message: string }[];
  readonly currentVersion?: string | null;
  readonly retryable?: boolean;
}

const members = `__typename
  ... on ExecutionContextError { code message requestId }
  ... on ExecutionContextInputError { issues { path message } }
  ... on ExecutionContextConflictError { currentVersion }
  ... on ExecutionContextUpstreamError { retryable }`;
const context = `... on AiExecutionContext { id sessionId context version }`;

const documents = {
  read: `query ($id: ID!) { result: executionContext(id: $id) { ${members} ${context} } }`,
  merge: `mutation ($id: ID!, $input: MergeExecutionContextInput!) {
    result: mergeExecutionContext(id: $id, input: $input) { ${members} ${context} } }`,
  update: `mutation ($id: ID!, $input: UpdateExecutionContextInput!) {
    result: updateExecutionContext(id: $id, input: $input) { ${members} ${context} } }`,
  delete: `mutation ($id: ID!, $ifVersion: String) {
    result: deleteExecutionContext(id: $id, ifVersion: $ifVersion) {
      ${members} ... on DeletedExecutionContext { deletedId } } }`,
} as const;

export type WriteFront = Pick<TestGateway, 'ask' | 'freshToken'>;

async function send(
  gateway: WriteFront,
  operation: keyof typeof documents,
  variables: object,
  token?: string,
): Promise<WriteResult> {
  const options = { token: token ?? (await gateway.freshToken()) };
  const data = dataOf(await gateway.ask(documents[operation], variables, options));
  return (data as { result: WriteResult }).result;
}

/** By default as an administrator nobody has seen before. */
export const read = (gateway: WriteFront, id: string, token?: string) =>
  send(gateway, 'read', { id }, token);
export const merge = (gateway: WriteFront, id: string, input: object, token?: string) =>
  send(gateway, 'merge', { id, input }, token);
export const update = (gateway: WriteFront, id: string, input: object, token?: string) =>
  send(gateway, 'update', { id, input }, token);
export const remove = (gateway: WriteFront, id: string, ifVersion?: string, token?: string) =>
  send(gateway, 'delete', { id, ifVersion }, token);

/** A merge whose patch is JSON text, to the digit, and the text of the context it answered with. */
export async function mergeText(
  gateway: Pick<TestGateway, 'url' | 'freshToken'>,
  id: string,
  patch: string,
): Promise<string> {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${await gateway.freshToken()}`,
    },
    body: `{"query":${JSON.stringify(documents.merge)},"variables":{"id":${JSON.stringify(id)},"input":{"patch":${patch}}}}`,
  });
  const { data } = parseJson(await response.text()) as { data: { result: { context: unknown } } };
  return jsonText(data.result.context).text;
}
