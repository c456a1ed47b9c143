import { performance } from 'node:perf_hooks';

import { CancellationSource, type CancellationListener } from '../../src/cancellation.ts';
import {
  createRestClient,
  type RestClient,
  type RestClientOptions,
} from '../../src/rest/client.ts';
import type { Outcome } from '../../src/rest/outcome.ts';
import type { Behalf, RestOperation, RestRequest } from '../../src/rest/request.ts';
import { startUpstream } from '../support/upstream.ts';

const common = { noun: 'thing', template: '/ai-execution-context/{id}' };

/** The kinds of operations that the kit tells apart. */
export const operations = {
  fetch: { ...common, name: 'fetch', method: 'GET', writes: false, repeatable: true },
  create: { ...common, name: 'create', method: 'POST', writes: true, repeatable: false },
  update: { ...common, name: 'update', method: 'PUT', writes: true, repeatable: true },
  delete: { ...common, name: 'delete', method: 'DELETE', writes: true, repeatable: true },
} as const satisfies Record<string, RestOperation>;

/** Below what the tests' API has stored. */
export const path = '/ai-execution-context/ctx_1';

export const anybody: Behalf = {
  requestId: 'request-1',
  trace: undefined,
  span: null,
  departure: null,
  revealToken: () => null,
};

/** A request that asks for `path` on nobody's behalf, and has ten seconds. */
export function requestOf(request: Partial<RestRequest> = {}): RestRequest {
  return {
    operation: operations.fetch,
    path,
    id: 'ctx_1',
    behalf: anybody,
    deadline: performance.now() + 10_000,
    ...request,
  };
}

/** Sends a request as the client would, by the client's own deadline where it has none. */
export function send(client: RestClient, request: Partial<RestRequest> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    client.send(requestOf({ deadline: client.deadline(), ...request }), resolve);
  });
}

/** A cancellation that counts its listeners. */
export class ObservedCancellation extends CancellationSource {
  watchers = 0;

  override watch(listener: CancellationListener): void {
    super.watch(listener);
    this.watchers += 1;
  }

  override unwatch(listener: CancellationListener): void {
    super.unwatch(listener);
    this.watchers -= 1;
  }
}

/** An API that misbehaves on demand, and clients of it that are closed with it. */
export async function startApi() {
  const upstream = await startUpstream({ contexts: [{ id: 'ctx_1' }] });
  const clients: RestClient[] = [];
  return {
    upstream,
    createClient(options: Partial<RestClientOptions> = {}): RestClient {
      const client = createRestClient({
        url: upstream.url,
        apiKey: 'key',
        timeoutMs: 2_000,
        ...options,
      });
      clients.push(client);
      return client;
    },
    async close() {
      await Promise.all(clients.map((client) => client.close()));
      await upstream.close();
    },
  };
}

export type TestApi = Awaited<ReturnType<typeof startApi>>;
