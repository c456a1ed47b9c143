import { createApi } from '../../src/sandbox/api.ts';
import { createContextStore } from '../../src/sandbox/stored-context.ts';
import type { StoredContext } from '../../src/sandbox/stored-context.ts';
import type { ApiAnswer, RecordedRequest } from './upstream-exchange.ts';

/** A context to start from; keys left out are absent on the wire too. */
export type SeedContext = StoredContext;

/** The API of the contract in memory. It takes any credential, and none, for the API key. */
export interface UpstreamApi {
  handle(request: Pick<RecordedRequest, 'method' | 'path' | 'body'>): Promise<ApiAnswer>;
  seed(...contexts: readonly SeedContext[]): void;
  stored(id: string): SeedContext | undefined;
}

export function createUpstreamApi(clock?: () => number): UpstreamApi {
  const store = createContextStore();
  const api = createApi({
    store,
    authenticate: async () => ({ userId: null, mayTouchEvery: true }),
    ...(clock && { clock }),
  });
  return {
    async handle({ method, path, body }) {
      // Below whatever path prefix the gateway was told of.
      const target = path.slice(Math.max(0, path.indexOf('/ai-execution-context')));
      const answer = await api.request(target, { method, ...(body !== '' && { body }) });
      return {
        status: answer.status,
        headers: Object.fromEntries(answer.headers),
        body: await answer.text(),
      };
    },
    seed(...contexts) {
      for (const context of contexts) store.contexts.set(context.id, context);
    },
    stored: (id) => store.contexts.get(id),
  };
}
