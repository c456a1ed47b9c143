import type { Duplex } from 'node:stream';

export type RawHeader = readonly [name: string, value: string];

/** A request as it goes over the wire. */
export interface RawRequest {
  /** @default 'POST' */
  readonly method?: string | undefined;
  /** @default '/graphql' */
  readonly target?: string | undefined;
  /** Besides `host`, which is added where none is named, and what tells where the body ends. */
  readonly headers?: readonly RawHeader[] | undefined;
  /** Several chunks go out with chunked encoding. @default no bytes */
  readonly body?: string | Buffer | readonly (string | Buffer)[] | undefined;
}

/** A response as it came over the wire. */
export interface RawResponse {
  /** Such as `HTTP/1.1 200 OK`. */
  readonly statusLine: string;
  /** In order, spelled as they were written. */
  readonly headers: readonly RawHeader[];
  readonly body: string;
}

/** The bytes of a request. */
export function writeRequest({
  method = 'POST',
  target = '/graphql',
  headers = [],
  body = '',
}: RawRequest): Buffer {
  const lines = [`${method} ${target} HTTP/1.1`];
  if (!headers.some(([name]) => name.toLowerCase() === 'host')) lines.push('host: gateway');
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  const chunks = (Array.isArray(body) ? body : [body as string | Buffer]).map((chunk) =>
    Buffer.from(chunk as Buffer),
  );
  const isChunked = Array.isArray(body);
  lines.push(
    isChunked ? 'transfer-encoding: chunked' : `content-length: ${chunks[0]?.length ?? 0}`,
  );
  const head = Buffer.from([...lines, '', ''].join('\r\n'), 'latin1');
  if (!isChunked) return Buffer.concat([head, ...chunks]);
  const framed = chunks
    .filter((chunk) => chunk.length > 0)
    .flatMap((chunk) => [`${chunk.length.toString(16)}\r\n`, chunk, '\r\n'])
    .map((part) => Buffer.from(part as Buffer));
  return Buffer.concat([head, ...framed, Buffer.from('0\r\n\r\n')]);
}

/**
 * Sends a request over a connection on which nothing is under way, and reads the response to its end.
 *
 * @returns `null` where the connection ended before.
 */
export function exchange(connection: Duplex, bytes: Buffer): Promise<RawResponse | null> {
  return new Promise((resolve) => {
    let received: Buffer = Buffer.alloc(0);

    function onData(chunk: Buffer): void {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const response = readResponse(received);
      if (response !== null) finish(response);
    }
    function onEnd(): void {
      finish(null);
    }
    function finish(response: RawResponse | null): void {
      connection.off('data', onData).off('close', onEnd).off('end', onEnd).off('error', onEnd);

      resolve(response);
    }
    connection.on('data', onData).on('close', onEnd).on('end', onEnd).on('error', onEnd);
    connection.write(bytes);
  });
}

/** The response in `bytes`; `null` where more of it is to come. */
function readResponse(bytes: Buffer): RawResponse | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return null;
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const after = bytes.subarray(end + 4);
  if (/^HTTP\/1\.1 1\d\d /.test(statusLine)) return readResponse(after);
  const headers = lines.map((line): RawHeader => {
    const colon = line.indexOf(': ');
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
  const body =
    headerOf({ headers }, 'transfer-encoding') === 'chunked'
      ? readChunks(after)
      : readLength(after, Number(headerOf({ headers }, 'content-length') ?? 0));
  return body === null ? null : { statusLine, headers, body: body.toString() };
}

function readLength(bytes: Buffer, length: number): Buffer | null {
  return bytes.length < length ? null : bytes.subarray(0, length);
}

function readChunks(bytes: Buffer): Buffer | null {
  const chunks: Buffer[] = [];
  for (let rest = bytes; ;) {
    const end = rest.indexOf('\r\n');
    if (end === -1) return null;
    const length = parseInt(rest.toString('latin1', 0, end), 16);
    const next = end + 2 + length + 2;
    if (rest.length < next) return null;
    if (length === 0) return Buffer.concat(chunks);
    chunks.push(rest.subarray(end + 2, end + 2 + length));
    rest = rest.subarray(next);
  }
}

/** @param name - In lower case. @returns The value of the first header of that name. */
export function headerOf(
  { headers }: Pick<RawResponse, 'headers'>,
  name: string,
): string | undefined {
  return headers.find(([given]) => given.toLowerCase() === name)?.[1];
}

/** All of a response that has to be equal: not the date, nor what belongs to the connection. */
export function comparable(response: RawResponse | null): RawResponse | null {
  if (response === null) return null;
  const others = new Set(['date', 'connection', 'keep-alive']);
  const headers = response.headers.filter(([name]) => !others.has(name.toLowerCase()));
  return { ...response, headers };
}
