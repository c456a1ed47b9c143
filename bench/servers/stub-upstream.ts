/**
 * A REST API that costs next to nothing: its answers are made once a size. It checks what it is sent,
 * so that no side can be quick by sending something else.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isDeepStrictEqual } from 'node:util';

import { environment } from './environment.ts';
import { contextId, kilobytesOf, pageSize, sessionId } from './stored-context.ts';
import { stateOfSize, storedContext } from './stored-context.ts';

const { port, apiKey } = environment();
const nonAscii = process.env['BENCH_NON_ASCII'] === '1';

/** What is the same for all contexts of one size. */
interface Size {
  /** A record's bytes before and after its id. */
  readonly beforeId: Buffer;
  readonly afterId: Buffer;
  readonly update: unknown;
  /** The bytes of an update that was found to be right: most others are the same. */
  rightUpdate: Buffer | null;
}

const sizes = new Map<number, Size>();

function sizeOf(kilobytes: number): Size {
  let size = sizes.get(kilobytes);
  if (size === undefined) {
    const state = stateOfSize(kilobytes, nonAscii);
    const [beforeId, afterId] = JSON.stringify(storedContext('<id>', state)).split('<id>');
    size = {
      beforeId: Buffer.from(beforeId ?? ''),
      afterId: Buffer.from(afterId ?? ''),
      update: { context: state, session_id: sessionId },
      rightUpdate: null,
    };
    sizes.set(kilobytes, size);
  }
  return size;
}

const pages = new Map<number, Buffer>();

/** The list has an agent's name for the size of its contexts. */
function pageOf(kilobytes: number): Buffer {
  let page = pages.get(kilobytes);
  if (page === undefined) {
    const state = stateOfSize(kilobytes, nonAscii);
    const data = Array.from({ length: pageSize }, (_, index) =>
      storedContext(contextId(kilobytes, index), state),
    );
    page = Buffer.from(JSON.stringify({ data, has_more: true }));
    pages.set(kilobytes, page);
  }
  return page;
}

function isRight(size: Size, body: Buffer): boolean {
  if (size.rightUpdate?.equals(body) === true) return true;
  if (!isDeepStrictEqual(JSON.parse(body.toString()), size.update)) return false;
  size.rightUpdate = body;
  return true;
}

function send(response: ServerResponse, status: number, body: Buffer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
}

function refuse(response: ServerResponse, message: string): void {
  send(response, 400, Buffer.from(JSON.stringify({ errors: [{ message, code: 400 }] })));
}

function answer(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const { method = '', url = '' } = request;
  if (request.headers.authorization !== `Bearer ${apiKey}`) {
    refuse(response, 'The API key is missing.');
    return;
  }
  const [path = '', query = ''] = url.split('?');
  const [room, encodedId] = path.slice(1).split('/');
  if (room !== 'ai-execution-context') {
    refuse(response, `There is no ${method} ${url}.`);
    return;
  }
  if (encodedId === undefined) {
    const parameters = new URLSearchParams(query);
    if (parameters.get('per_page') !== String(pageSize)) {
      refuse(response, `per_page is not ${pageSize}.`);
      return;
    }
    send(response, 200, pageOf(kilobytesOf(parameters.get('agent_id') ?? '')));
    return;
  }
  const id = decodeURIComponent(encodedId);
  const size = sizeOf(kilobytesOf(id));
  if (method === 'PUT' && !isRight(size, body)) {
    refuse(response, `The update of ${id} is not what the client asked for.`);
    return;
  }
  send(response, 200, Buffer.concat([size.beforeId, Buffer.from(id), size.afterId]));
}

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    answer(request, response, Buffer.concat(chunks));
  });
}).listen(port, '127.0.0.1');
