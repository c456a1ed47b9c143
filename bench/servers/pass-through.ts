/** For information: a reverse proxy that passes bytes both ways and parses nothing but HTTP. */
import { createServer } from 'node:http';
import { Pool, type Dispatcher } from 'undici';

import { environment } from './environment.ts';

const { port, upstreamUrl, apiKey } = environment();
const pool = new Pool(upstreamUrl, { connections: 128 });
const headers = { accept: 'application/json', authorization: `Bearer ${apiKey}` };

createServer((request, response) => {
  const { method, url = '/' } = request;
  const type = request.headers['content-type'];
  const length = request.headers['content-length'];
  pool
    .stream(
      {
        method: method as Dispatcher.HttpMethod,
        path: url,
        body: method === 'GET' ? null : request,
        headers: {
          ...headers,
          ...(type !== undefined && { 'content-type': type }),
          ...(length !== undefined && { 'content-length': length }),
        },
      },
      ({ statusCode, headers: answered }) =>
        response.writeHead(statusCode, {
          'content-type': String(answered['content-type']),
          'content-length': String(answered['content-length']),
        }),
    )
    .catch(() => {
      response.destroy();
    });
}).listen(port, '127.0.0.1');
