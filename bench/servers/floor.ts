/**
 * The floor: what anyone would write by hand for this job. It takes the request of the front end, asks
 * the REST API, renames the keys and answers, without GraphQL, identity, limits, logs or metrics.
 */
import { createServer } from 'node:http';
import { Pool } from 'undici';

import { environment } from './environment.ts';
import { sendJson } from './json-response.ts';
import { toExecutionContext, toPage, toRestRequest } from './rest-mapping.ts';
import type { StoredPage, Variables } from './rest-mapping.ts';
import type { StoredContext } from './stored-context.ts';

const { port, upstreamUrl, apiKey } = environment();
const pool = new Pool(upstreamUrl, { connections: 128 });

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    answer(Buffer.concat(chunks).toString())
      .then((value) => {
        sendJson(response, 200, value);
      })
      .catch((error: unknown) => {
        sendJson(response, 502, { message: String(error) });
      });
  });
}).listen(port, '127.0.0.1');

async function answer(text: string): Promise<unknown> {
  const { variables } = JSON.parse(text) as { variables: Variables };
  const { method, path, body } = toRestRequest(variables);
  const upstream = await pool.request({
    method,
    path,
    body,
    headers: {
      accept: 'application/json',
      authorization: `Bearer ${apiKey}`,
      ...(body !== null && { 'content-type': 'application/json' }),
    },
  });
  const value = await upstream.body.json();
  if (upstream.statusCode !== 200) throw new Error(JSON.stringify(value));
  if (variables.id === undefined) return toPage(value as StoredPage);
  return toExecutionContext(value as StoredContext);
}
