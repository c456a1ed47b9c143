import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { Incoming } from '../../engine/incoming.ts';
import { responseHeaders } from '../../engine/response-headers.ts';
import type { NodeRequest } from './node-request.ts';

/** Executes a request that the Node door has read. The response has no headers that the door adds. */
export type HandleFetch = (request: Request, incoming: Incoming) => Promise<Response>;

/**
 * Hands a request to a door that takes Fetch requests, and writes its response.
 *
 * @param body - The body; `null` where the request has none.
 */
export async function handOver(
  request: NodeRequest,
  body: Buffer | null,
  handle: HandleFetch,
): Promise<void> {
  const leaving = new AbortController();
  request.watch({
    canceled() {
      leaving.abort();
    },
  });
  const response = await handle(toFetchRequest(request, body, leaving.signal), request);
  await writeResponse(request, response);
}

function toFetchRequest(
  { message, headers }: NodeRequest,
  body: Buffer | null,
  signal: AbortSignal,
): Request {
  const url = urlOf(message.url ?? '/', headers.host ?? 'localhost');
  const { method = 'GET', rawHeaders } = message;
  const entries: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    if (!ofTheConnection.has(name.toLowerCase())) entries.push([name, value]);
  }
  const hasBody = body !== null && method !== 'GET' && method !== 'HEAD';
  return new Request(url, {
    method,
    headers: entries,
    signal,
    // `Request` copies it.
    body: hasBody ? (body as Buffer<ArrayBuffer>) : null,
  });
}

/**
 * Returns the URL of a request. Its host is not used for anything, so that an invalid one does not fail
 * the request: in a target of absolute form (`http://gateway:99999/graphql`), or in `Host` (`1.2.3.999`).
 */
function urlOf(target: string, host: string): string {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '');
  const url = `http://${host}${path}`;
  return URL.canParse(url) ? url : `http://localhost${path}`;
}

/** Headers that belong to the connection and not to the message (RFC 9110, section 7.6.1). */
const ofTheConnection: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'transfer-encoding',
  'upgrade',
]);

async function writeResponse(request: NodeRequest, answer: Response): Promise<void> {
  const { response } = request;
  if (request.isCanceled || response.headersSent) {
    await answer.body?.cancel();
    return;
  }
  const own = answer.headers.get('vary');
  const { vary = own, ...cors } = request.cors;
  const headers = responseHeaders(request, {
    ...(vary !== null && { vary: own === null || vary === own ? vary : `${own}, ${vary}` }),
    ...cors,
  });
  answer.headers.forEach((value, name) => {
    if (!ofTheConnection.has(name) && name !== 'vary') headers.push(name, value);
  });

  const isStream = (answer.headers.get('content-type') ?? '').startsWith('text/event-stream');
  if (isStream && answer.body !== null) {
    // While draining, a connection kept open after its stream would only delay the end.
    response.shouldKeepAlive = false;
    response.writeHead(answer.status, headers);
    response.flushHeaders();
    await pipeline(Readable.from(answer.body as AsyncIterable<Uint8Array>), response);
    return;
  }
  const bytes = Buffer.from(await answer.arrayBuffer());
  headers.push('content-length', String(bytes.length));
  response.writeHead(answer.status, headers);
  response.end(bytes);
}
