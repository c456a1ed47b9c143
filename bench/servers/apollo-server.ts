/** Apollo Server as its documentation starts it, with RESTDataSource. */
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { RESTDataSource } from '@apollo/datasource-rest';

import { environment } from './environment.ts';
import { resolvers, typeDefs, type PlainContext } from './plain-schema.ts';
import type { RestRequest } from './rest-mapping.ts';

const { port, upstreamUrl, apiKey } = environment();

class ExecutionContextsApi extends RESTDataSource {
  override baseURL = `${upstreamUrl}/`;

  ask({ method, path, body }: RestRequest): Promise<unknown> {
    const headers = { authorization: `Bearer ${apiKey}` };
    // Relative to the base URL.
    const target = path.slice(1);
    if (method === 'GET') return this.get(target, { headers });
    return this.put(target, {
      headers: { ...headers, 'content-type': 'application/json' },
      ...(body !== null && { body }),
    });
  }
}

const server = new ApolloServer<PlainContext>({ typeDefs, resolvers });
await startStandaloneServer(server, {
  listen: { port, host: '127.0.0.1' },
  context: async () => {
    const api = new ExecutionContextsApi({ cache: server.cache });
    return { ask: (request) => api.ask(request) };
  },
});
