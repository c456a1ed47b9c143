import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

import type { Refusal } from './refusal.ts';

const unreadable: Refusal = {
  status: 400,
  code: 'BAD_REQUEST',
  message: 'The request is no valid HTTP.',
};

/** By the codes of Node's HTTP parser, whose messages are not for clients. */
const refusals: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: 'HEADERS_TOO_LARGE',
    message: 'The request headers are too large: send less, or fewer of them.',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    code: 'PAYLOAD_TOO_LARGE',
    message: 'The chunk extensions of the request body are too large.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: 'REQUEST_TIMEOUT',
    message: 'The request did not come in whole in time.',
  },
};

/**
 * Refuses what came over a connection and could not be read as a request, and ends the connection:
 * for the `clientError` event of `http.Server`. The answer has the form of every other refusal, and
 * an `x-request-id` of its own, for no header of the request can be relied on.
 */
export function refuseMalformedRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const { status, code, message } = refusals[error.code ?? ''] ?? unreadable;
  const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      'connection: close',
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${randomUUID()}`,
      '',
      body,
    ].join('\r\n'),
    () => socket.destroy(),
  );
}
