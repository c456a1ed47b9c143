import { JsonOutput, writeJsonTo, type JsonSource, type JsonText } from '../json/index.ts';
import { Malformed, type RestClient } from '../rest/client.ts';
import type { RestOperation, RestRequest } from '../rest/request.ts';
import type { ExecutionContext, ExecutionContextStore, ListQuery } from './model.ts';
import { Reading, parseContext, parsePage, unreadable } from './wire.ts';

const noun = 'execution context';

const collection = '/ai-execution-context';
const all = { noun, template: collection };
const one = { noun, template: `${collection}/{id}` };

const operations = {
  fetch: { ...one, name: 'fetch', method: 'GET', writes: false, repeatable: true },
  list: { ...all, name: 'list', method: 'GET', writes: false, repeatable: true },
  create: { ...all, name: 'create', method: 'POST', writes: true, repeatable: false },
  update: { ...one, name: 'update', method: 'PUT', writes: true, repeatable: true },
  delete: { ...one, name: 'delete', method: 'DELETE', writes: true, repeatable: true },
} as const satisfies Record<string, RestOperation>;

export interface RestStoreOptions {
  readonly client: RestClient;
  /**
   * Called once for each response with a `created_at` that is a string but not an RFC 3339 date-time.
   * That field is then `null`; the rest of the context is used.
   */
  readonly onMalformedDate?: ((operation: string, requestId: string) => void) | undefined;
}

/** Stores execution contexts in the REST API. */
export function createRestStore({
  client,
  onMalformedDate,
}: RestStoreOptions): ExecutionContextStore {
  function readAnswer<T>(
    { operation, behalf }: Pick<RestRequest, 'operation' | 'behalf'>,
    body: JsonSource | null,
    read: (source: JsonSource, reading: Reading) => T | Malformed,
  ): T | Malformed {
    if (body === null) return unreadable;
    const reading = new Reading();
    const result = read(body, reading);
    if (reading.hasMalformedDate) onMalformedDate?.(operation.name, behalf.requestId);
    return result;
  }

  /** Requests one context: the one of `request.id`, or any where that is `null`. */
  function askForContext(request: RestRequest): Promise<ExecutionContext> {
    return client.ask(request, (body) => {
      const context = readAnswer(request, body, parseContext);
      if (context instanceof Malformed || request.id === null) return context;
      return context.id === request.id ? context : new Malformed('id is not the requested one');
    });
  }

  return {
    deadline: () => client.deadline(),

    fetch(id, behalf, deadline) {
      const operation = operations.fetch;
      return askForContext({ operation, path: pathOf(id), id, behalf, deadline });
    },

    list(query, behalf, deadline) {
      const operation = operations.list;
      const request = { operation, path: listPath(query), id: null, behalf, deadline };
      return client.ask(request, (body) => readAnswer(request, body, parsePage));
    },

    create({ agentId, workflowId, userId, sessionId, context }, behalf, deadline) {
      const operation = operations.create;
      const body = writeBody({
        agent_id: agentId,
        workflow_id: workflowId ?? undefined,
        user_id: userId ?? undefined,
        session_id: sessionId ?? undefined,
        context: context ?? undefined,
      });
      return askForContext({ operation, path: collection, id: null, body, behalf, deadline });
    },

    update(id, { context, sessionId }, behalf, deadline, cancellation = null) {
      const operation = operations.update;
      const body = writeBody({
        context: context ?? undefined,
        session_id: sessionId ?? undefined,
      });
      const path = pathOf(id);
      return askForContext({ operation, path, id, body, behalf, deadline, cancellation });
    },

    delete(id, behalf, deadline, cancellation = null) {
      const operation = operations.delete;
      const request = { operation, path: pathOf(id), id, behalf, deadline, cancellation };
      return client.ask(request, (_body, { status }) =>
        deletionStatuses.has(status) ? undefined : new Malformed(`status ${status} to a deletion`),
      );
    },
  };
}

/** The statuses of a deletion that was done or accepted. */
const deletionStatuses: ReadonlySet<number> = new Set([200, 202, 204, 205]);

function pathOf(id: string): string {
  return `${collection}/${encodeURIComponent(id)}`;
}

function listPath({ page, perPage, agentId, workflowId }: ListQuery): string {
  const query = new URLSearchParams({ page: String(page), per_page: String(perPage) });
  if (agentId !== null) query.set('agent_id', agentId);
  if (workflowId !== null) query.set('workflow_id', workflowId);
  return `${collection}?${query.toString()}`;
}

/**
 * Writes a JSON object of the members that have a value. The API treats null and absent members alike;
 * absent ones are understood by every version of it.
 */
function writeBody(members: Readonly<Record<string, string | JsonText | undefined>>) {
  const output = new JsonOutput();
  writeJsonTo(output, members);
  const { content } = output;
  return typeof content === 'string' ? content : Buffer.concat(content);
}
