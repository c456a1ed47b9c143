import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

import { eventsOnly } from '../../engine/negotiation.ts';

/** A response by which the HTTP layer refuses a request before any operation runs. */
export interface Refusal {
  readonly status: number;
  /** For programs: `extensions.code`. */
  readonly code: string;
  /** For people: what is wrong and what to do about it. */
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The refusals that are the same for every request. */
export const refusals = {
  noHost: {
    status: 400,
    code: 'BAD_REQUEST',
    message: 'The request must name its host in one Host header.',
    headers: { connection: 'close' },
  },
  twoCredentials: {
    status: 400,
    code: 'BAD_REQUEST',
    message: 'The request has more than one Authorization header: send one.',
  },
  notByRouter: {
    status: 403,
    code: 'FORBIDDEN',
    message: 'Requests must come through the router.',
  },
  /** A compressed body could expand without limit, and documents are small without compression. */
  encoded: {
    status: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
    message: 'Send the request body without content-encoding.',
    headers: { 'accept-encoding': 'identity' },
  },
  notUtf8: {
    status: 400,
    code: 'BAD_REQUEST',
    message: 'The request body must be UTF-8.',
  },
  eventsOnly: {
    status: 406,
    code: 'NOT_ACCEPTABLE',
    message: eventsOnly,
  },
  readOnly: {
    status: 405,
    code: 'METHOD_NOT_ALLOWED',
    message: 'This path answers GET and HEAD only.',
    headers: { allow: 'GET, HEAD' },
  },
  noSuchMethod: {
    status: 405,
    code: 'BAD_REQUEST',
    message: 'GraphQL only supports GET and POST requests.',
    headers: { allow: 'GET, POST' },
  },
  unexpected: {
    status: 500,
    code: 'INTERNAL_SERVER_ERROR',
    message: 'Unexpected error.',
  },
} as const satisfies Record<string, Refusal>;

/** The refusal of a request at an unknown path. */
export function notFound(endpoint: string): Refusal {
  return {
    status: 404,
    code: 'NOT_FOUND',
    message: `There is nothing at this path. GraphQL is at ${endpoint}.`,
  };
}

/** The refusal of a request whose body is larger than `maxBytes`. */
export function bodyTooLarge(maxBytes: number): Refusal {
  return {
    status: 413,
    code: 'PAYLOAD_TOO_LARGE',
    message: `The request body is larger than ${maxBytes} bytes.`,
  };
}

/** Returns a refusal as JSON in the form that GraphQL clients read: `{"errors": [{"message", …}]}`. */
export function refusalBody({ code, message }: Refusal): string {
  return JSON.stringify({ errors: [{ message, extensions: { code } }] });
}

/** Writes a refusal to a connection for which Node has no response object, and ends the connection. */
export function endWithRefusal(socket: Duplex, refusal: Refusal, requestId: string): void {
  const { status, headers = {} } = refusal;
  const body = refusalBody(refusal);
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      'connection: close',
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${requestId}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      '',
      body,
    ].join('\r\n'),
    () => socket.destroy(),
  );
}
