import { dataOf, type AskOptions } from './ask.ts';
import type { TestGateway } from './gateway.ts';
import type { RecordedRequest } from './upstream-exchange.ts';

export type OperationName = 'fetch' | 'list' | 'create' | 'update' | 'delete';

export const operationNames = ['fetch', 'list', 'create', 'update', 'delete'] as const;

/** A member of a result union with all its fields; those of other members are undefined. */
export interface Result {
  readonly __typename: string;
  readonly id?: string;
  readonly deletedId?: string;
  readonly agentId?: string | null;
  readonly workflowId?: string | null;
  readonly userId?: string | null;
  readonly sessionId?: string | null;
  readonly context?: unknown;
  readonly createdAt?: string | null;
  readonly hasMore?: boolean;
  readonly items?: readonly { readonly id: string }[];
  readonly code?: string;
  readonly message?: string;
  readonly requestId?: string;
  readonly issues?: readonly { readonly path: readonly string[]; readonly message: string }[];
  readonly missing?: string | null;
  readonly source?: string;
  readonly retryAfterMs?: number;
  readonly limit?: number | null;
  readonly windowMs?: number | null;
  readonly status?: number | null;
  readonly retryable?: boolean;
}

/** Where operations are run: a gateway, wherever it lives. */
export type GatewayFront = Pick<TestGateway, 'ask' | 'freshToken'>;

type Results = Readonly<Record<string, Result>>;

interface Shape {
  readonly type: 'query' | 'mutation';
  readonly union: string;
  readonly success: string;
  /** The field for the key: the id, or the agent's id where an operation has none. */
  readonly field: (key: string) => string;
}

const context = `... on AiExecutionContext {
  id agentId workflowId userId sessionId context createdAt
}`;
const page = `... on ExecutionContextPage {
  hasMore items { id agentId workflowId userId sessionId context createdAt }
}`;
const error = `... on ExecutionContextError { code message requestId }
... on ExecutionContextInputError { issues { path message } }
... on ExecutionContextNotFoundError { missing: executionContextId }
... on ExecutionContextRateLimitError { source retryAfterMs limit windowMs }
... on ExecutionContextUpstreamError { status retryable }`;

const text = (value: string) => JSON.stringify(value);

const shapes: Readonly<Record<OperationName, Shape>> = {
  fetch: {
    type: 'query',
    union: 'ExecutionContextResult',
    success: context,
    field: (key) => `executionContext(id: ${text(key)})`,
  },
  list: {
    type: 'query',
    union: 'ExecutionContextsResult',
    success: page,
    field: (key) => `executionContexts(agentId: ${text(key)})`,
  },
  create: {
    type: 'mutation',
    union: 'CreateExecutionContextResult',
    success: context,
    field: (key) => `createExecutionContext(input: { agentId: ${text(key)} })`,
  },
  update: {
    type: 'mutation',
    union: 'UpdateExecutionContextResult',
    success: context,
    field: (key) => `updateExecutionContext(id: ${text(key)}, input: { context: { step: 1 } })`,
  },
  delete: {
    type: 'mutation',
    union: 'DeleteExecutionContextResult',
    success: '... on DeletedExecutionContext { deletedId }',
    field: (key) => `deleteExecutionContext(id: ${text(key)})`,
  },
};

/** The key that a request carries upstream: the id in its path, else the agent's id. */
export function keyOf({ path, body }: Pick<RecordedRequest, 'path' | 'body'>): string {
  const url = new URL(path, 'http://upstream');
  const [, id] = url.pathname.split('/ai-execution-context/');
  if (id !== undefined) return decodeURIComponent(id);
  const inQuery = url.searchParams.get('agent_id');
  return inQuery ?? (JSON.parse(body) as { agent_id: string }).agent_id;
}

/** A document that runs `operation` once for each key, as the aliases `r0`, `r1`, … */
function documentOf(operation: OperationName, keys: readonly string[]): string {
  const { type, union, success, field } = shapes[operation];
  const fields = keys.map((key, i) => `r${i}: ${field(key)} { ...Result }`).join('\n');
  return `${type} { ${fields} }\nfragment Result on ${union} { __typename ${success} ${error} }`;
}

/**
 * Runs an operation once for each key, all in one request, and answers with its results.
 *
 * @param options - By default the token of an administrator nobody has seen before.
 * @throws Error Where the answer is not HTTP 200 without top-level errors: an outcome of the
 *   upstream, whatever it is, is data.
 */
export async function run(
  gateway: GatewayFront,
  operation: OperationName,
  keys: readonly string[],
  options: AskOptions = {},
): Promise<Result[]> {
  const token = options.token ?? (await gateway.freshToken());
  const document = documentOf(operation, keys);
  const data = dataOf(await gateway.ask(document, {}, { ...options, token })) as Results;
  return keys.map((_, i) => data[`r${i}`] ?? missing(operation));
}

function missing(operation: string): never {
  throw new Error(`${operation} answered nothing`);
}

/** Runs an operation once. */
export async function runOne(
  gateway: GatewayFront,
  operation: OperationName,
  key = 'ctx_1',
  options: AskOptions = {},
): Promise<Result> {
  const [result] = await run(gateway, operation, [key], options);
  return result ?? missing(operation);
}
