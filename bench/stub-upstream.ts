import { createServer } from 'node:http';

/** An API that costs next to nothing: one context for every id, owned by nobody in particular. */
const context = {
  current_step: 'processing',
  progress: 75,
  results: { analyzed_documents: 10, extracted_entities: 25 },
};

createServer((request, response) => {
  request.resume();
  const id = decodeURIComponent(request.url?.split('/').at(-1) ?? '');
  const body = JSON.stringify({
    id,
    agent_id: 'agent_1',
    user_id: 'user_1',
    session_id: 'session_456',
    context,
    created_at: '2026-01-01T00:00:00Z',
  });
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}).listen(Number(process.env['PORT']), '127.0.0.1', () => process.send?.('listening'));
