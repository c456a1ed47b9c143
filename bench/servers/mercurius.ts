/** Mercurius on Fastify, with its compiler and undici. */
import { fastify } from 'fastify';
import mercurius from 'mercurius';
import { Pool } from 'undici';

import { environment } from './environment.ts';
import { resolvers, typeDefs, type Ask } from './plain-schema.ts';

declare module 'mercurius' {
  interface MercuriusContext {
    readonly ask: Ask;
  }
}

const { port, upstreamUrl, apiKey } = environment();
const pool = new Pool(upstreamUrl, { connections: 128 });
const headers = { accept: 'application/json', authorization: `Bearer ${apiKey}` };

const ask: Ask = async ({ method, path, body }) => {
  const answer = await pool.request({
    method,
    path,
    body,
    headers: { ...headers, ...(body !== null && { 'content-type': 'application/json' }) },
  });
  const value = await answer.body.json();
  if (answer.statusCode !== 200) throw new Error(JSON.stringify(value));
  return value;
};

const app = fastify();
await app.register(mercurius, { schema: typeDefs, resolvers, jit: 1, context: () => ({ ask }) });
await app.listen({ port, host: '127.0.0.1' });
