import { setImmediate as nextTurn } from 'node:timers/promises';

import { GraphQLError } from 'graphql';

import type {
  ExecutionContext,
  ExecutionContextStore,
} from '../../src/execution-contexts/model.ts';
import { JsonSource } from '../../src/json/index.ts';
import { Malformed, type RestClient } from '../../src/rest/client.ts';
import type { Answer, Failure, Outcome } from '../../src/rest/outcome.ts';
import { createRequestHeaders, type RestRequest } from '../../src/rest/request.ts';
import { errorFromAnswer, errorFromFailure, malformedAnswer } from '../../src/rest/status-map.ts';

/** A request as it would go upstream. */
export interface UpstreamCall {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: string;
}

interface StoredContext {
  readonly owner: string | null;
  /** The text of what a client wrote: members of the object, without its braces. */
  readonly members: string;
}

interface ApiAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const collection = '/ai-execution-context';

/** The ids that a fuzzer may use, with all that can come of them. */
export const storedIds = ['ctx_1', 'ctx_2', 'ctx_3', 'slow', 'café ☕'];

/** What a store of an embedder's may get wrong of a context, by the context's id. */
export const breakages: Readonly<Record<string, (context: ExecutionContext) => object>> = {
  'broken-date': (context) => ({ ...context, createdAt: 5 }),
  'broken-texts': (context) => ({ ...context, agentId: {}, sessionId: [1], workflowId: true }),
  'broken-id': (context) => ({ ...context, id: null }),
  'broken-undefined': () => ({ context: undefined }),
  'broken-error': (context) => ({ ...context, workflowId: new Error('secret internals') }),
  'broken-methods': (context) => ({
    ...context,
    agentId: () => 'called',
    createdAt() {
      throw new TypeError('secret internals');
    },
  }),
  'broken-getter': (context) => ({
    ...context,
    get context() {
      throw new TypeError('secret internals');
    },
    get id() {
      throw new GraphQLError('Raised on purpose.', {
        extensions: { code: 'RAISED', http: { status: 418, headers: { 'x-raised': 'yes' } } },
      });
    },
  }),
};

export const oddIds = [
  ...Object.keys(breakages),
  'missing',
  'of-bob',
  'of-nobody',
  'bug',
  'late-bug',
  'malformed',
  'another',
  'bad-date',
  'surrogates',
  'deep',
  'lost',
  'refused',
  'late',
  ...[302, 400, 401, 403, 409, 410, 412, 413, 418, 422, 429, 500, 502, 503].map(
    (status) => `status-${status}`,
  ),
];

/**
 * The REST API in this process, with nothing left to chance: it answers at once, or a turn of the
 * event loop later, and misbehaves for the ids made for it. A write keeps the text it was given.
 */
export class MemoryApi {
  calls: UpstreamCall[] = [];
  #contexts = new Map<string, StoredContext>();
  #created = 0;

  constructor() {
    this.reset();
  }

  reset(): void {
    this.calls = [];
    this.#created = 0;
    this.#contexts = new Map(
      [...storedIds, ...Object.keys(breakages)].map((id) => [
        id,
        { owner: 'alice', members: `"agent_id":"agent","context":{"step": 1.0,"id":"é"}` },
      ]),
    );
    this.#contexts.set('of-bob', { owner: 'bob', members: '' });
    this.#contexts.set('of-nobody', { owner: null, members: '"session_id":"s"' });
  }

  async answer(call: UpstreamCall): Promise<ApiAnswer | Failure> {
    const { method, path, body } = call;
    this.calls.push(call);
    const [route = '', search] = path.split('?');
    if (route === collection) return method === 'POST' ? this.#create(body) : this.#list(search);
    const id = decodeURIComponent(route.slice(collection.length + 1));
    if (id.startsWith('slow')) await nextTurn();
    const misbehaviour = misbehaviourOf(id, method);
    if (misbehaviour !== null) return misbehaviour();
    const known = this.#contexts.get(id);
    if (known === undefined) return refusal(404, 'no such context');
    if (method === 'DELETE') {
      this.#contexts.delete(id);
      return { status: 204, body: '' };
    }
    if (method === 'PUT') this.#contexts.set(id, { ...known, members: body.slice(1, -1) });
    return { status: 200, body: this.#written(id) };
  }

  #create(body: string): ApiAnswer {
    this.#created += 1;
    const id = `created-${this.#created}`;
    const owner = (JSON.parse(body) as { user_id?: string }).user_id ?? null;
    this.#contexts.set(id, {
      owner,
      members: body.slice(1, -1).replace(/"user_id":"[^"]*",?/, ''),
    });
    return { status: 201, body: this.#written(id) };
  }

  #list(search = ''): ApiAnswer {
    const query = new URLSearchParams(search);
    const size = Number(query.get('per_page'));
    const from = (Number(query.get('page')) - 1) * size;
    const agent = query.get('agent_id');
    const ids = [...this.#contexts.keys()].filter((id) =>
      agent === null ? storedIds.includes(id) || id === 'broken-date' : id === agent,
    );
    const items = ids.slice(from, from + size).map((id) => this.#written(id));
    return {
      status: 200,
      body: `{"data":[${items.join(',')}],"has_more":${String(ids.length > from + size)}}`,
    };
  }

  #written(id: string): string {
    const stored = this.#contexts.get(id);
    if (stored === undefined) throw new Error(`There is no context ${id}.`);
    const { owner, members } = stored;
    const user = `"id":${JSON.stringify(id)},"user_id":${JSON.stringify(owner)}`;
    return `{${user}${members === '' ? '' : `,${members}`},"created_at":"2025-01-01T00:00:00.25Z"}`;
  }
}

/** A store that gets wrong what it is asked for by the ids made for it. */
export function withBreakages(store: ExecutionContextStore): ExecutionContextStore {
  const broken = (context: ExecutionContext): ExecutionContext =>
    (breakages[context.id]?.(context) ?? context) as ExecutionContext;
  return {
    ...store,
    fetch: async (...call) => broken(await store.fetch(...call)),
    update: async (...call) => broken(await store.update(...call)),
    async list(...call) {
      const { items, hasMore } = await store.list(...call);
      return { items: items.map(broken), hasMore };
    },
  };
}

function refusal(status: number, message: string): ApiAnswer {
  return { status, body: JSON.stringify({ errors: [{ message }] }) };
}

function misbehaviourOf(id: string, method: string): (() => ApiAnswer | Failure) | null {
  const status = Number(/^status-(\d+)$/.exec(id)?.[1] ?? 0);
  if (status > 0) {
    const headers: Record<string, string> = status === 429 ? { 'retry-after': '7' } : {};
    return () => ({ ...refusal(status, `an é, a ${status}\nand a line`), headers });
  }
  const whole = (members: string) => () => ({
    status: 200,
    body: `{"id":${JSON.stringify(id)},"user_id":"alice",${members}}`,
  });
  const failure = (reason: Failure['reason'], sent: boolean) => (): Failure => ({
    kind: 'failure',
    reason,
    sent,
    cause: new Error(reason),
  });
  switch (id) {
    case 'late-bug':
      return () => {
        throw new TypeError(`secret internals of a ${method}`);
      };
    case 'malformed':
      return () => ({ status: 200, body: '{"id":"malfor' });
    case 'another':
      return () => ({ status: 200, body: '{"id":"one"}' });
    case 'bad-date':
      return whole('"created_at":"yesterday","session_id":null');
    case 'surrogates':
      return whole('"session_id":"\\ud83d","agent_id":"\\ude00 \\u0022","context":["\\uD800"]');
    case 'deep':
      return whole(`"context":${'['.repeat(129)}${']'.repeat(129)}`);
    case 'lost':
      return failure('connection', true);
    case 'refused':
      return failure('connection', false);
    case 'late':
      return failure('timeout', true);
    default:
      return null;
  }
}

/** The client of an API in this process, without a network, retries and a circuit between them. */
export function createMemoryClient(api: MemoryApi): RestClient {
  const headersOf = createRequestHeaders('key');

  async function exchange(request: RestRequest): Promise<Outcome> {
    const { operation, path, body = '' } = request;
    const call = {
      method: operation.method,
      path,
      headers: headersOf(request),
      body: body.toString(),
    };
    const answer = await api.answer(call);
    return 'kind' in answer ? answer : toAnswer(answer);
  }

  return {
    forwardsToken: false,
    circuitState: 'closed',
    pending: 0,
    deadline: () => Infinity,
    send(request, settle) {
      void exchange(request).then(settle);
    },
    ask(request, read) {
      // A bug of the store's own, before there is a promise.
      if (request.id === 'bug') throw new TypeError('secret internals');
      return exchange(request).then((outcome) => {
        const { operation, id } = request;
        if (outcome.kind === 'failure') throw errorFromFailure(outcome, operation);
        const isSuccess = outcome.status >= 200 && outcome.status < 300;
        if (!isSuccess) {
          throw errorFromAnswer(outcome, { operation, id, forwardsToken: false, now: 0 });
        }
        const result = read(outcome.body, outcome);
        if (result instanceof Malformed) throw malformedAnswer(outcome, operation);
        return result;
      });
    },
    hasAnswered: true,
    answered: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  };
}

function toAnswer({ status, body, headers = {} }: ApiAnswer): Answer {
  return {
    kind: 'answer',
    status,
    body: JsonSource.of(Buffer.from(body)),
    refusal: null,
    header: (name) => headers[name] ?? null,
    headers: () => headers,
  };
}
