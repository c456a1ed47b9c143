import { isDeepStrictEqual } from 'node:util';

import { toPage } from './servers/rest-mapping.ts';
import { contextId, pageSize, sessionId } from './servers/stored-context.ts';
import { stateOfSize, storedContext } from './servers/stored-context.ts';
import type { Protocol } from './sides.ts';

export const operationNames = ['query', 'update', 'list'] as const;
export type OperationName = (typeof operationNames)[number];

/** What is asked of all sides: an operation on contexts of one size. */
export interface Case {
  readonly operation: OperationName;
  readonly kilobytes: number;
  /** Such as "query 0.6 kB". */
  readonly title: string;
  readonly state: unknown;
}

export function createCase(operation: OperationName, kilobytes: number, nonAscii: boolean): Case {
  const title = `${operation}${operation === 'list' ? ` ${pageSize} of` : ''} ${kilobytes} kB`;
  return { operation, kilobytes, title, state: stateOfSize(kilobytes, nonAscii) };
}

export interface BenchRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly body: Buffer | null;
}

/** Requests of a case in one protocol, and the check of their answers. */
export interface Exchange {
  /** @param context - The number of the context that is asked for. */
  request(context: number): BenchRequest;
  /**
   * @throws Error showing the answer, where its status is not 200 or its body not deep-equal to what is
   *   expected.
   */
  check(context: number, status: number, body: Buffer): void;
}

const recordFields = '__typename id agentId workflowId userId sessionId context createdAt';
const errorFields = '... on ExecutionContextError { code message }';

const documents: Record<OperationName, string> = {
  query: `query Read($id: ID!) { executionContext(id: $id) { ... on AiExecutionContext { ${recordFields} } ${errorFields} } }`,
  update: `mutation Update($id: ID!, $input: UpdateExecutionContextInput!) { updateExecutionContext(id: $id, input: $input) { ... on AiExecutionContext { ${recordFields} } ${errorFields} } }`,
  list: `query List($page: Int!, $perPage: Int!, $agentId: ID) { executionContexts(page: $page, perPage: $perPage, agentId: $agentId) { __typename ... on ExecutionContextPage { items { ${recordFields} } hasMore } ${errorFields} } }`,
};

const fields: Record<OperationName, string> = {
  query: 'executionContext',
  update: 'updateExecutionContext',
  list: 'executionContexts',
};

const idPlace = '<id>';

export function createExchange(asked: Case, protocol: Protocol): Exchange {
  const makeRequest = protocol === 'rest' ? restRequests(asked) : graphqlRequests(asked);
  /** Bytes of an answer that was found to be right, around its id: most others are the same. */
  let right: { readonly before: Buffer; readonly after: Buffer } | null = null;

  function isSame(id: Buffer, body: Buffer): boolean {
    if (right === null) return false;
    const { before, after } = right;
    const end = before.length + id.length;
    return (
      body.length === end + after.length &&
      before.compare(body, 0, before.length) === 0 &&
      id.compare(body, before.length, end) === 0 &&
      after.compare(body, end) === 0
    );
  }

  return {
    request: (context) => makeRequest(contextId(asked.kilobytes, context)),
    check(context, status, body) {
      const idText = contextId(asked.kilobytes, context);
      // A page is the same for everybody.
      const id = Buffer.from(asked.operation === 'list' ? '' : idText);
      if (status === 200 && isSame(id, body)) return;
      const text = body.toString();
      if (status !== 200 || !isDeepStrictEqual(parse(text), expected(asked, protocol, idText))) {
        throw new Error(`${asked.title} of ${idText}: ${status} ${text.slice(0, 1_000)}`);
      }
      const at = body.indexOf(id);
      right = { before: body.subarray(0, at), after: body.subarray(at + id.length) };
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function graphqlRequests({ operation, kilobytes, state }: Case): (id: string) => BenchRequest {
  const variables = {
    query: { id: idPlace },
    update: { id: idPlace, input: { context: state, sessionId } },
    // The stub knows by the agent which size is meant.
    list: { page: 1, perPage: pageSize, agentId: contextId(kilobytes, 0) },
  }[operation];
  const makeBody = around(JSON.stringify({ query: documents[operation], variables }));
  return (id) => ({ method: 'POST', path: '/graphql', body: makeBody(id) });
}

function restRequests({ operation, kilobytes, state }: Case): (id: string) => BenchRequest {
  const agentId = contextId(kilobytes, 0);
  const listPath = `/ai-execution-context?page=1&per_page=${pageSize}&agent_id=${agentId}`;
  const update = Buffer.from(JSON.stringify({ context: state, session_id: sessionId }));
  return {
    query: (id: string): BenchRequest => ({
      method: 'GET',
      path: `/ai-execution-context/${id}`,
      body: null,
    }),
    update: (id: string): BenchRequest => ({
      method: 'PUT',
      path: `/ai-execution-context/${id}`,
      body: update,
    }),
    list: (): BenchRequest => ({ method: 'GET', path: listPath, body: null }),
  }[operation];
}

/** Makes bytes of the text with an id in its place, where it has one. */
function around(text: string): (id: string) => Buffer {
  const [before, after] = text.split(idPlace).map((part) => Buffer.from(part));
  const head = before ?? Buffer.alloc(0);
  return (id) => (after === undefined ? head : Buffer.concat([head, Buffer.from(id), after]));
}

function expected({ operation, kilobytes, state }: Case, protocol: Protocol, id: string): unknown {
  const stored =
    operation === 'list'
      ? Array.from({ length: pageSize }, (_, index) =>
          storedContext(contextId(kilobytes, index), state),
        )
      : [storedContext(id, state)];
  const page = { data: stored, has_more: true };
  if (protocol === 'rest') return operation === 'list' ? page : stored[0];
  const { items, hasMore } = toPage(page);
  if (protocol === 'record') return operation === 'list' ? { items, hasMore } : items[0];
  const typed = items.map((item) => ({ __typename: 'AiExecutionContext', ...item }));
  const value =
    operation === 'list' ? { __typename: 'ExecutionContextPage', items: typed, hasMore } : typed[0];
  return { data: { [fields[operation]]: value } };
}
