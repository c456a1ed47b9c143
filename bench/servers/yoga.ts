/** GraphQL Yoga as it comes, with the global `fetch`. */
import { createServer } from 'node:http';
import { createSchema, createYoga } from 'graphql-yoga';

import { environment } from './environment.ts';
import { resolvers, typeDefs, type Ask, type PlainContext } from './plain-schema.ts';

const { port, upstreamUrl, apiKey } = environment();

const ask: Ask = async ({ method, path, body }) => {
  const answer = await fetch(`${upstreamUrl}${path}`, {
    method,
    body,
    headers: {
      accept: 'application/json',
      authorization: `Bearer ${apiKey}`,
      ...(body !== null && { 'content-type': 'application/json' }),
    },
  });
  const value: unknown = await answer.json();
  if (answer.status !== 200) throw new Error(JSON.stringify(value));
  return value;
};

const yoga = createYoga<object, PlainContext>({
  schema: createSchema<PlainContext>({ typeDefs, resolvers }),
  context: { ask },
});
createServer((request, response) => {
  void yoga(request, response);
}).listen(port, '127.0.0.1');
