import { randomUUID } from 'node:crypto';

import { Hono } from 'hono';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

import { jsonText, writeJson } from '../json/index.ts';
import { mayTouch } from './caller.ts';
import type { Caller } from './caller.ts';
import { answerFailure, failure } from './failure.ts';
import { readBody, readPageQuery } from './request.ts';
import type { PageQuery } from './request.ts';
import type { ContextStore, StoredContext } from './stored-context.ts';

/** The default limit of axum, a common web framework for APIs in Rust. */
const maxBodyBytes = 2 * 1024 * 1024;

export interface ApiOptions {
  readonly store: ContextStore;
  /**
   * Returns the caller of an `Authorization` header.
   *
   * @throws {HTTPException} 401 for missing or invalid credentials.
   */
  readonly authenticate: (header: string | undefined) => Promise<Caller>;
  /** The time in milliseconds since the epoch. @default Date.now */
  readonly clock?: () => number;
}

/** The REST API of execution contexts, in memory and without its rate limits. */
export function createApi({ store, authenticate, clock = Date.now }: ApiOptions) {
  const { contexts, inUse } = store;
  const api = new Hono<{ Variables: { caller: Caller; body: ArrayBuffer } }>().basePath(
    '/ai-execution-context',
  );

  api.onError(answerFailure);
  api.use(async (c, next) => {
    // Read before any answer: one that is sent before the request's body has arrived closes the
    // connection of the client.
    const body = await c.req.arrayBuffer();
    if (body.byteLength > maxBodyBytes) throw failure(413, 'request body too large');
    c.set('body', body);
    c.set('caller', await authenticate(c.req.header('authorization')));
    await next();
  });

  function find(id: string, caller: Caller): StoredContext {
    const context = contexts.get(id);
    if (context === undefined) throw failure(404, 'execution context not found');
    if (!mayTouch(caller, context)) {
      throw failure(403, 'you may not access this execution context');
    }
    return context;
  }

  api.get('/', (c) => {
    const query = readPageQuery(c.req);
    const found = [...contexts.values()]
      .filter((context) => mayTouch(c.get('caller'), context) && matches(query, context))
      .sort(newestFirst);
    const end = query.page * query.per_page;
    return answer(c, 200, {
      data: found.slice(end - query.per_page, end).map(written),
      has_more: found.length > end,
    });
  });

  api.post('/', (c) => {
    const body = readBody(c.get('body'));
    if (body.agent_id === null) throw failure(400, 'invalid data: agent_id is missing');
    const caller = c.get('caller');
    const context: StoredContext = {
      id: `ctx_${randomUUID().replaceAll('-', '')}`,
      ...body,
      user_id: body.user_id ?? caller.userId,
      created_at: new Date(clock()).toISOString(),
    };
    if (!mayTouch(caller, context)) {
      throw failure(403, 'you may not create execution contexts for another user');
    }
    contexts.set(context.id, context);
    return answer(c, 201, written(context));
  });

  api.get('/:id', (c) => answer(c, 200, written(find(c.req.param('id'), c.get('caller')))));

  api.put('/:id', (c) => {
    const stored = find(c.req.param('id'), c.get('caller'));
    const body = readBody(c.get('body'));
    const updated: StoredContext = {
      ...stored,
      ...(body.context !== null && { context: body.context }),
      ...(body.session_id !== null && { session_id: body.session_id }),
    };
    contexts.set(stored.id, updated);
    return answer(c, 200, written(updated));
  });

  api.delete('/:id', (c) => {
    const { id } = find(c.req.param('id'), c.get('caller'));
    if (inUse.has(id)) throw failure(409, 'execution context is in use by a running agent');
    contexts.delete(id);
    return c.body(null, 204);
  });

  return api;
}

function matches({ agent_id, workflow_id }: PageQuery, context: StoredContext): boolean {
  return (
    (agent_id === null || agent_id === context.agent_id) &&
    (workflow_id === null || workflow_id === context.workflow_id)
  );
}

function newestFirst(a: StoredContext, b: StoredContext): number {
  const [earlier, later] = [a.created_at ?? '', b.created_at ?? ''];
  return earlier === later ? 0 : earlier < later ? 1 : -1;
}

/** Returns the context as it is sent, its JSON state exactly as it was received. */
function written(stored: StoredContext): object {
  return { ...stored, ...(stored.context !== undefined && { context: jsonText(stored.context) }) };
}

function answer(c: Context, status: ContentfulStatusCode, body: unknown): Response {
  return c.body(writeJson(body), status, { 'content-type': 'application/json' });
}
