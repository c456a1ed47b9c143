import { stringifyJson } from '../json/index.ts';
import type { Deadline, UpstreamCall, UpstreamClient, UpstreamRequest } from './client.ts';
import type { Answer } from './exchange.ts';
import { operations, type Operation } from './operation.ts';
import { errorFromAnswer, errorFromFailure, malformedAnswer } from './status-map.ts';
import {
  readExecutionContext,
  readPage,
  type ExecutionContext,
  type ExecutionContextPage,
} from './wire.ts';

export interface ListQuery {
  readonly page: number;
  readonly perPage: number;
  readonly agentId: string | null;
  readonly workflowId: string | null;
}

/** `null` or left out keeps what is stored. */
export interface ExecutionContextChanges {
  readonly context?: unknown;
  readonly sessionId?: string | null | undefined;
}

export interface NewExecutionContext {
  readonly agentId: string;
  readonly workflowId: string | null;
  readonly userId: string | null;
  readonly sessionId: string | null;
  readonly context: unknown;
}

/**
 * The five calls of the REST API. Each answers with what was asked for or throws an
 * {@link ExecutionContextError}, never anything else.
 */
export interface ExecutionContextsApi {
  /** Starts the deadline that the calls of one field share. */
  deadline(): Deadline;
  fetch(id: string, call: UpstreamCall): Promise<ExecutionContext>;
  list(query: ListQuery, call: UpstreamCall): Promise<ExecutionContextPage>;
  create(input: NewExecutionContext, call: UpstreamCall): Promise<ExecutionContext>;
  update(
    id: string,
    changes: ExecutionContextChanges,
    call: UpstreamCall,
  ): Promise<ExecutionContext>;
  delete(id: string, call: UpstreamCall): Promise<void>;
}

export interface ExecutionContextsApiOptions {
  readonly client: UpstreamClient;
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: (() => number) | undefined;
}

const collection = '/ai-execution-context';

export function createExecutionContextsApi({
  client,
  now = Date.now,
}: ExecutionContextsApiOptions): ExecutionContextsApi {
  /** Sends a request and reads its answer; `read` answers `null` where the body is malformed. */
  async function ask<T>(
    request: UpstreamRequest,
    id: string | null,
    call: UpstreamCall,
    read: (answer: Answer, attempts: number) => T | null,
  ): Promise<T> {
    const { operation } = request;
    const { outcome, attempts } = await client.send(request, call);
    if (outcome.kind === 'failure') throw errorFromFailure(outcome, operation);
    const result = read(outcome, attempts);
    if (result !== null) return result;
    if (isSuccess(outcome)) throw malformedAnswer(outcome, operation);
    const { forwardsToken } = client;
    throw errorFromAnswer(outcome, { operation, id, forwardsToken, now: now() });
  }

  function askForContext(
    operation: Operation,
    id: string | null,
    body: string | undefined,
    call: UpstreamCall,
  ): Promise<ExecutionContext> {
    const path = id === null ? collection : pathOf(id);
    return ask({ operation, path, body }, id, call, (answer) =>
      isSuccess(answer) ? readExecutionContext(answer.body, id) : null,
    );
  }

  return {
    deadline: () => client.deadline(),

    fetch: (id, call) => askForContext(operations.fetch, id, undefined, call),

    list: (query, call) =>
      ask({ operation: operations.list, path: listPath(query) }, null, call, (answer) =>
        isSuccess(answer) ? readPage(answer.body) : null,
      ),

    create: (input, call) => askForContext(operations.create, null, createBody(input), call),

    update: (id, changes, call) => askForContext(operations.update, id, updateBody(changes), call),

    async delete(id, call) {
      const request = { operation: operations.delete, path: pathOf(id) };
      await ask(request, id, call, ({ status }, attempts) =>
        // Gone at a later attempt is as good as deleted by it: nobody can tell who did it.
        status === 200 || status === 204 || (status === 404 && attempts > 1) ? true : null,
      );
    },
  };
}

function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

function pathOf(id: string): string {
  return `${collection}/${encodeURIComponent(id)}`;
}

function listPath({ page, perPage, agentId, workflowId }: ListQuery): string {
  const query = new URLSearchParams({ page: String(page), per_page: String(perPage) });
  if (agentId !== null) query.set('agent_id', agentId);
  if (workflowId !== null) query.set('workflow_id', workflowId);
  return `${collection}?${query.toString()}`;
}

function updateBody({ context, sessionId }: ExecutionContextChanges): string {
  return stringifyJson(withoutNulls({ context, session_id: sessionId }));
}

function createBody(input: NewExecutionContext): string {
  const { agentId, workflowId, userId, sessionId, context } = input;
  return stringifyJson(
    withoutNulls({
      agent_id: agentId,
      workflow_id: workflowId,
      user_id: userId,
      session_id: sessionId,
      context,
    }),
  );
}

/** To the API null and absent mean the same; absent is what every version of it understands. */
function withoutNulls(body: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => (value ?? null) !== null));
}
