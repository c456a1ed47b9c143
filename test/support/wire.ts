import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';

/** The bytes of a request, its lines separated as HTTP separates them. */
export function lines(...all: readonly string[]): string {
  return all.join('\r\n');
}

/** A POST of GraphQL over HTTP/1.1 as it goes over the wire. */
export function post(body: string | Buffer, ...headers: readonly string[]): string {
  const head = [
    'POST /graphql HTTP/1.1',
    'host: gateway',
    ...(headers.some((one) => one.startsWith('content-type:'))
      ? []
      : ['content-type: application/json']),
  ];
  const length = `content-length: ${Buffer.byteLength(body)}`;
  return lines(...head, length, ...headers, '', body.toString('latin1'));
}

/** A connection whose sides are closed each by itself, as Node's own HTTP client never leaves it. */
export async function dial(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/**
 * All that comes back for these bytes until the gateway closes the connection.
 *
 * @param options - `thenClose`: the client closes its own side once they are sent.
 */
export async function answersTo(
  url: string,
  bytes: string,
  { thenClose = false } = {},
): Promise<string> {
  const socket = await dial(url);
  if (thenClose) socket.end(bytes, 'latin1');
  else socket.write(bytes, 'latin1');
  const answers = await text(socket);
  socket.end();
  return answers;
}

/** The statuses in what came back, in order, interim ones as well. */
export function statusesIn(answers: string): number[] {
  return [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

/** The bytes of a WebSocket's handshake, and of what is sent at once after it. */
export function webSocketHandshake(
  target: string,
  headers: readonly string[] = [],
  after = '',
): string {
  return lines(
    `GET ${target} HTTP/1.1`,
    'host: gateway.example',
    'connection: Upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
    '',
    after,
  );
}

/** A message of a client's as a WebSocket's frame, masked with zeros. */
export function webSocketMessage(message: object): Buffer {
  const payload = Buffer.from(JSON.stringify(message));
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 6 : length < 65_536 ? 8 : 14);
  head[0] = 0x81;
  head[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (head.length > 6)
    head.writeUIntBE(length, head.length === 8 ? 2 : 4, head.length === 8 ? 2 : 6);
  return Buffer.concat([head, payload]);
}

/** The value of a header in what came back; undefined where it is not there. */
export function headerIn(answers: string, name: string): string | undefined {
  return new RegExp(`\r\n${name}: ([^\r]*)`, 'i').exec(answers)?.[1];
}

export const typename = '{"query":"{ __typename }"}';
export const closing = 'connection: close';
