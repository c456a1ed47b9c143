import type { ServerResponse } from 'node:http';

/** Why the HTTP layer itself answers a request, and no operation. */
export interface Refusal {
  readonly status: number;
  /** For programs; in `extensions.code`. */
  readonly code: string;
  /** What is wrong and what to do about it, for people. */
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Refuses in the form that GraphQL clients read: `{"errors": [{"message", "extensions"}]}`. */
export function refuse(
  response: ServerResponse,
  { status, code, message, headers }: Refusal,
): void {
  const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
