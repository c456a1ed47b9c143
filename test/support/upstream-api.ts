import type { ApiAnswer } from './upstream-exchange.ts';

/** A context to start from; keys left out are absent on the wire too. */
export interface SeedContext {
  readonly id: string;
  readonly agent_id?: string | null;
  readonly workflow_id?: string | null;
  readonly user_id?: string | null;
  readonly session_id?: string | null;
  readonly context?: unknown;
  readonly created_at?: string | null;
}

/** The API of the contract in memory, for any credential. */
export interface UpstreamApi {
  handle(method: string, path: string, body: string): ApiAnswer;
  seed(...contexts: readonly SeedContext[]): void;
  /** What is stored for `id`. */
  stored(id: string): SeedContext | undefined;
}

const root = '/ai-execution-context';

function answer(status: number, body: unknown): ApiAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}

function failure(status: number, message: string): ApiAnswer {
  return answer(status, { errors: [{ message, code: status }] });
}

/** Null and absent both mean: keep what is stored. */
function given(input: Partial<SeedContext>): Partial<SeedContext> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null));
}

export function createUpstreamApi(now: () => number = Date.now): UpstreamApi {
  const contexts = new Map<string, SeedContext>();
  let created = 0;

  function one(method: string, id: string, body: string): ApiAnswer {
    const context = contexts.get(id);
    if (context === undefined) return failure(404, 'execution context not found');
    if (method === 'GET') return answer(200, context);
    if (method === 'DELETE') {
      contexts.delete(id);
      return { status: 204, headers: {}, body: '' };
    }
    const { context: state, session_id } = JSON.parse(body) as Partial<SeedContext>;
    const updated = { ...context, ...given({ context: state, session_id: session_id ?? null }) };
    contexts.set(id, updated);
    return answer(200, updated);
  }

  function list(query: URLSearchParams): ApiAnswer {
    const page = Number(query.get('page') ?? 1);
    const perPage = Number(query.get('per_page') ?? 20);
    const found = [...contexts.values()].filter((context) =>
      (['agent_id', 'workflow_id'] as const).every(
        (key) => query.get(key) === null || query.get(key) === context[key],
      ),
    );
    return answer(200, {
      data: found.slice((page - 1) * perPage, page * perPage),
      has_more: found.length > page * perPage,
    });
  }

  function create(body: string): ApiAnswer {
    created += 1;
    const context = {
      id: `ctx_created_${created}`,
      ...(JSON.parse(body) as Partial<SeedContext>),
      created_at: new Date(now()).toISOString(),
    };
    contexts.set(context.id, context);
    return answer(201, context);
  }

  return {
    handle(method, path, body) {
      const { pathname, searchParams } = new URL(path, 'http://upstream');
      const at = pathname.indexOf(root);
      const id = decodeURIComponent(pathname.slice(at + root.length + 1));
      if (at < 0) return failure(404, 'no such resource');
      if (id !== '') return one(method, id, body);
      return method === 'POST' ? create(body) : list(searchParams);
    },
    seed(...seeds) {
      for (const context of seeds) contexts.set(context.id, context);
    },
    stored: (id) => contexts.get(id),
  };
}
