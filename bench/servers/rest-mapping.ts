/** The mapping between the front end's names and the REST API's, as one writes it by hand. */
import type { StoredContext } from './stored-context.ts';

/** What the front end sends: an id to read, an id and an input to write, or a page to list. */
export interface Variables {
  readonly id?: string;
  readonly input?: UpdateInput;
  readonly page?: number;
  readonly perPage?: number;
  readonly agentId?: string;
}

export interface UpdateInput {
  readonly context?: unknown;
  readonly sessionId?: string;
}

/** A context as the front end reads it. */
export interface ExecutionContext {
  readonly id: string;
  readonly agentId: string;
  readonly workflowId: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly context: unknown;
  readonly createdAt: string;
}

export interface StoredPage {
  readonly data: readonly StoredContext[];
  readonly has_more: boolean;
}

export interface ExecutionContextPage {
  readonly items: readonly ExecutionContext[];
  readonly hasMore: boolean;
}

export interface RestRequest {
  readonly method: 'GET' | 'PUT';
  /** Percent-encoded, with its query. */
  readonly path: string;
  readonly body: string | null;
}

export function toRestRequest({ id, input, ...list }: Variables): RestRequest {
  if (id === undefined) {
    const { page = 1, perPage = 20, agentId = '' } = list;
    const query = `page=${page}&per_page=${perPage}&agent_id=${encodeURIComponent(agentId)}`;
    return { method: 'GET', path: `/ai-execution-context?${query}`, body: null };
  }
  const path = `/ai-execution-context/${encodeURIComponent(id)}`;
  if (input === undefined) return { method: 'GET', path, body: null };
  const body = JSON.stringify({ context: input.context, session_id: input.sessionId });
  return { method: 'PUT', path, body };
}

export function toExecutionContext(stored: StoredContext): ExecutionContext {
  return {
    id: stored.id,
    agentId: stored.agent_id,
    workflowId: stored.workflow_id,
    userId: stored.user_id,
    sessionId: stored.session_id,
    context: stored.context,
    createdAt: stored.created_at,
  };
}

export function toPage({ data, has_more: hasMore }: StoredPage): ExecutionContextPage {
  return { items: data.map(toExecutionContext), hasMore };
}
