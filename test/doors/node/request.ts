import { once } from 'node:events';
import {
  request as httpRequest,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http';
import { text } from 'node:stream/consumers';

export interface RawRequest {
  /** @default 'POST' */
  readonly method?: string;
  /** @default '/graphql' */
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** Several chunks go out with chunked encoding, unless the headers tell a length. */
  readonly body?: string | Buffer | readonly (string | Buffer)[];
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One request on a connection of its own, with every header as given: `fetch` adds its own. */
export async function send(
  url: string,
  { method = 'POST', path = '/graphql', headers = {}, body = '' }: RawRequest,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const outgoing = httpRequest({ hostname, port, method, path, headers, agent: false });
  // The server may answer, and close, before all is sent.
  outgoing.on('error', () => undefined);
  const answered = once(outgoing, 'response');
  if (Array.isArray(body)) {
    for (const chunk of body) outgoing.write(chunk);
    outgoing.end();
  } else {
    outgoing.end(body);
  }
  const [incoming] = (await answered) as [Parameters<typeof text>[0] & RawResponse];
  return { status: incoming.statusCode, headers: incoming.headers, body: await text(incoming) };
}

interface RawResponse {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
}
