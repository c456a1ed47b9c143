import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';

import { endWithRefusal, type Refusal } from './refusal.ts';

const unreadable: Refusal = {
  status: 400,
  code: 'BAD_REQUEST',
  message: 'Malformed HTTP request.',
};

/** By the codes of Node's HTTP parser, whose messages are not for clients. */
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
 * How a request is refused whose headers could be parsed and whose body could not, or did not come in
 * time; `null` for errors that are not of Node's HTTP parser.
 */
export function refusalOfBody({ code = '' }: NodeJS.ErrnoException): Refusal | null {
  return refusalsByCode[code] ?? (code.startsWith('HPE_') ? unreadable : null);
}

/**
 * Refuses what came over a connection and could not be read as a request, and ends the connection:
 * for the `clientError` event of `http.Server`. The answer has the form of every other refusal, and
 * an `x-request-id` of its own, for no header of the request can be relied on.
 *
 * @param onRefusal - Told the code and that id, so that a log has it.
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
