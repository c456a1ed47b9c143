import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';

import { endWithRefusal, type Refusal } from './refusal.ts';

const unreadable: Refusal = {
  status: 400,
  code: 'BAD_REQUEST',
  message: 'Malformed HTTP request.',
};

/** By the codes of Node's HTTP parser, whose messages are not meant for clients. */
const refusalsByCode: Readonly<Record<string, Refusal>> = {
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
    message: 'The request was not received completely in time.',
  },
};

/**
 * Returns the refusal of a request whose headers were valid but whose body is malformed or was not
 * received in time; `null` for errors that are not from Node's HTTP parser.
 */
export function refusalOfBody({ code = '' }: NodeJS.ErrnoException): Refusal | null {
  return refusalsByCode[code] ?? (code.startsWith('HPE_') ? unreadable : null);
}

/**
 * Refuses bytes that are not a valid request, and ends the connection: for the `clientError` event of
 * `http.Server`. The response has the form of every other refusal, and a new `x-request-id`, because no
 * header of the request can be relied on.
 *
 * @param onRefusal - Called with the parser's code and that id, for the log.
 */
export function refuseMalformedRequest(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  onRefusal: (code: string | undefined, requestId: string) => void,
): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = refusalsByCode[error.code ?? ''] ?? unreadable;
  const requestId = randomUUID();
  onRefusal(error.code, requestId);
  endWithRefusal(socket, refusal, requestId);
}
