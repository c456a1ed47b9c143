import { createServer } from 'node:http';
import { Pool } from 'undici';

/**
 * The floor: what it costs Node to take a request, ask the upstream and pass the answer on, with no
 * GraphQL, identity, limit or mapping in between.
 */
const pool = new Pool(process.env['UPSTREAM_URL'] ?? '', { connections: 128 });

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    void pass(Buffer.concat(chunks).length).then((body) => {
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      });
      response.end(body);
    });
  });
}).listen(Number(process.env['PORT']), '127.0.0.1', () => process.send?.('listening'));

async function pass(size: number): Promise<string> {
  const { body } = await pool.request({
    path: `/ai-execution-context/ctx_${size}`,
    method: 'GET',
    headers: { accept: 'application/json' },
  });
  return body.text();
}
