import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

/** A span as the collector got it. */
export interface CollectedSpan {
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client';
  readonly traceId: string;
  readonly spanId: string;
  /** `''` where it has none. */
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
  /** Of the resource that it belongs to. */
  readonly resource: Readonly<Record<string, unknown>>;
}

/** A span with what is below it, for comparisons: what came first stands first. */
export interface SpanTree {
  readonly name: string;
  readonly below?: readonly SpanTree[];
}

/** A real HTTP server that takes traces as OTLP (protobuf over HTTP). */
export interface Collector {
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
  /** Of each request: its path, its headers, and its body as it came, not compressed. */
  readonly exports: readonly CollectedExport[];
  /** Answers from now on with this status. */
  answer(status: number): void;
  close(): Promise<void>;
}

export interface CollectedExport {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const exports: CollectedExport[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    void buffer(request).then((bytes) => {
      const { headers, url: path = '' } = request;
      const body = headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
      exports.push({ path, headers, body });
      if (status === 200) spans.push(...readSpans(body));
      response.writeHead(status, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    exports,
    answer(next) {
      status = next;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The trees of spans, each root with what is below it. */
export function treesOf(spans: readonly CollectedSpan[]): SpanTree[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const tree = ({ name, spanId }: CollectedSpan): SpanTree => {
    const below = spans.filter(({ parentSpanId }) => parentSpanId === spanId).map(tree);
    return below.length === 0 ? { name } : { name, below };
  };
  return spans.filter(({ parentSpanId }) => !ids.has(parentSpanId)).map(tree);
}

/** The fields of a Protocol Buffers message by their numbers: numbers, and bytes of the rest. */
type Message = Map<number, (bigint | Buffer)[]>;

function readMessage(bytes: Buffer): Message {
  const message: Message = new Map();
  let at = 0;
  function varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at);
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }
  function take(length: number): Buffer {
    at += length;
    return bytes.subarray(at - length, at);
  }
  const readers: Record<number, () => bigint | Buffer> = {
    0: varint,
    1: () => take(8),
    2: () => take(Number(varint())),
    5: () => take(4),
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const value = readers[key & 7]?.();
    if (value === undefined) throw new Error(`No wire type: ${key & 7}`);
    message.set(key >> 3, [...(message.get(key >> 3) ?? []), value]);
  }
  return message;
}

const messages = (message: Message, field: number): Message[] =>
  (message.get(field) ?? []).map((bytes) => readMessage(bytes as Buffer));
const bytesOf = (message: Message, field: number): Buffer =>
  (message.get(field)?.[0] ?? Buffer.alloc(0)) as Buffer;

/** opentelemetry-proto: trace/v1/trace.proto, common/v1/common.proto. */
function readSpans(body: Buffer): CollectedSpan[] {
  return messages(readMessage(body), 1).flatMap((resourceSpans) => {
    const [resource] = messages(resourceSpans, 1);
    return messages(resourceSpans, 2).flatMap((scopeSpans) =>
      messages(scopeSpans, 2).map((span) => ({
        name: bytesOf(span, 5).toString(),
        kind: (['', 'internal', 'server', 'client'] as const)[
          Number(span.get(6)?.[0] ?? 1n)
        ] as CollectedSpan['kind'],
        traceId: bytesOf(span, 1).toString('hex'),
        spanId: bytesOf(span, 2).toString('hex'),
        parentSpanId: bytesOf(span, 4).toString('hex'),
        traceState: bytesOf(span, 3).toString(),
        attributes: readAttributes(span, 9),
        failed: messages(span, 15)[0]?.get(3)?.[0] === 2n,
        resource: resource === undefined ? {} : readAttributes(resource, 1),
      })),
    );
  });
}

function readAttributes(message: Message, field: number): Record<string, unknown> {
  return Object.fromEntries(
    messages(message, field).map((pair) => {
      const [value = new Map() as Message] = messages(pair, 2);
      const integer = value.get(3)?.[0];
      return [
        bytesOf(pair, 1).toString(),
        integer === undefined ? bytesOf(value, 1).toString() : Number(integer),
      ];
    }),
  );
}
