import type { AskOptions, TestGateway } from './gateway.ts';

/** What a field answered: a member of its union. */
export interface FieldResult {
  readonly __typename: string;
  readonly [field: string]: unknown;
}

export interface FieldsAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** One for each field asked for, in order. */
  readonly results: readonly FieldResult[];
}

const successes = {
  ExecutionContextResult: '... on AiExecutionContext { id userId sessionId context }',
  UpdateExecutionContextResult: '... on AiExecutionContext { id userId sessionId context }',
  CreateExecutionContextResult: '... on AiExecutionContext { id userId sessionId context }',
  ExecutionContextsResult: '... on ExecutionContextPage { items { id } hasMore }',
  DeleteExecutionContextResult: '... on DeletedExecutionContext { deletedId }',
} as const;

const errors = `
  ... on ExecutionContextError { code message requestId }
  ... on ExecutionContextRateLimitError { source retryAfterMs limit windowMs }
  ... on ExecutionContextUpstreamError { status retryable }`;

const quote = (text: string | null) => JSON.stringify(text);

/** The text of each field, with all that its result may tell. */
export const fields = {
  read: (id: string) => `executionContext(id: ${quote(id)}) { ...ExecutionContextResult }`,
  list: (agentId: string) =>
    `executionContexts(agentId: ${quote(agentId)}) { ...ExecutionContextsResult }`,
  update: (id: string) =>
    `updateExecutionContext(id: ${quote(id)}, input: { context: { step: 2 } }) { ...UpdateExecutionContextResult }`,
  create: (userId: string | null = null) =>
    `createExecutionContext(input: { agentId: "agent", userId: ${quote(userId)} }) { ...CreateExecutionContextResult }`,
  delete: (id: string) =>
    `deleteExecutionContext(id: ${quote(id)}) { ...DeleteExecutionContextResult }`,
} as const;

/** A query of the fields, each under an alias of its own. */
export function queryOf(...asked: readonly string[]): string {
  return `query ${aliased(asked)}`;
}

/** A mutation of the fields, each under an alias of its own. */
export function mutationOf(...asked: readonly string[]): string {
  return `mutation ${aliased(asked)}`;
}

function aliased(asked: readonly string[]): string {
  const selections = asked.map((field, index) => `field${index}: ${field}`).join('\n');
  const fragments = Object.entries(successes)
    .filter(([union]) => selections.includes(`...${union} `))
    .map(([union, success]) => `fragment ${union} on ${union} { __typename ${success} ${errors} }`);
  return `{ ${selections} }\n${fragments.join('\n')}`;
}

/**
 * Asks the gateway for a document of {@link queryOf} or {@link mutationOf}.
 *
 * @throws Error where the answer has top-level errors: everything these fields meet is data.
 */
export async function askFields(
  gateway: TestGateway,
  document: string,
  options?: AskOptions,
): Promise<FieldsAnswer> {
  const answer = await gateway.ask(document, {}, options);
  const { data, errors: topLevel } = answer.body as {
    data?: Record<string, FieldResult>;
    errors?: unknown;
  };
  if (data === undefined || topLevel !== undefined) {
    throw new Error(`The gateway answered with errors: ${JSON.stringify(topLevel)}`);
  }
  return { status: answer.status, headers: answer.headers, results: Object.values(data) };
}

/** What one field answers. */
export async function askField(
  gateway: TestGateway,
  document: string,
  options?: AskOptions,
): Promise<FieldResult> {
  const { results } = await askFields(gateway, document, options);
  const [result] = results;
  if (result === undefined) throw new Error('The gateway answered no field.');
  return result;
}
