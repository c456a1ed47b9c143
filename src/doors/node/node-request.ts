import { performance } from 'node:perf_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Cancellation, CancellationListener } from '../../cancellation.ts';
import type { HeaderValues } from '../../engine/cors.ts';
import {
  Outgoing,
  acceptRequestId,
  readTraceContext,
  type Incoming,
} from '../../engine/incoming.ts';
import { responseHeaders } from '../../engine/response-headers.ts';
import type { JsonContent } from '../../json/index.ts';
import type { Span, TraceContext } from '../../telemetry/tracing.ts';
import { refusalOfBody } from './malformed-request.ts';
import { refusalBody, type Refusal } from './refusal.ts';

/** Called with the body of a request, `null` where it is empty, or with why there is none. */
export type BodyListener = (body: Buffer | 'too large' | null) => void;

/**
 * How many bytes beyond the limit are read and discarded before the client is cut off. A client that is
 * still writing when the connection closes would lose the response that says why.
 */
const patienceBytes = 16 * 1024 * 1024;

const noHeaders: readonly string[] = [];

/**
 * One request over `node:http` and its response. The handlers of its events, its upstream calls and its
 * log line share this one object, which is also what the engine sees of the request.
 */
export class NodeRequest implements Incoming, Cancellation {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly startedAt = performance.now();
  readonly requestId: string;
  readonly trace: TraceContext | undefined;
  span: Span | null = null;
  readonly authorization: string | null;
  readonly outgoing = new Outgoing();
  readonly headers: RequestHeaders;
  /** Whether the client disconnected before its response was complete. */
  isCanceled = false;
  /** The CORS headers of the response. */
  cors: HeaderValues = {};
  #listener: CancellationListener | undefined;
  #moreListeners: Set<CancellationListener> | undefined;

  constructor(message: IncomingMessage, response: ServerResponse) {
    const headers = new RequestHeaders(message.rawHeaders);
    // HTTP/1.0 has no interim responses.
    if (message.httpVersion === '1.0') headers.expectsContinue = false;
    this.message = message;
    this.response = response;
    this.headers = headers;
    this.requestId = acceptRequestId(headers.requestId);
    this.authorization = headers.authorization;
    this.trace = readTraceContext(headers.traceparent, headers.tracestate);
  }

  get departure(): Cancellation {
    return this;
  }

  /** Most requests have one pending call at a time, which needs no set. */
  watch(listener: CancellationListener): void {
    if (this.#listener === undefined) this.#listener = listener;
    else (this.#moreListeners ??= new Set()).add(listener);
  }

  unwatch(listener: CancellationListener): void {
    if (this.#listener === listener) this.#listener = undefined;
    else this.#moreListeners?.delete(listener);
  }

  /** Tells all listeners that the client has disconnected. */
  depart(): void {
    this.isCanceled = true;
    const first = this.#listener;
    const more = this.#moreListeners;
    this.#listener = undefined;
    this.#moreListeners = undefined;
    first?.canceled();
    for (const listener of more ?? []) listener.canceled();
  }

  /**
   * Reads the whole body. The rest of a body that is too large is read and discarded, so that the client
   * can read the response. A client that waits for `100 Continue` gets it, unless its `content-length`
   * is too large (RFC 9110, section 10.1.1).
   *
   * @param maxBytes - The maximum size of the body.
   * @param onBody - Called at most once; not at all if the client disconnects before the end.
   */
  readBody(maxBytes: number, onBody: BodyListener): void {
    const { message } = this;
    let first: Buffer | null = null;
    let chunks: Buffer[] | null = null;
    let bytes = 0;
    let tooLarge = this.headers.contentLength > maxBytes;
    if (tooLarge) onBody('too large');
    else if (this.headers.expectsContinue) this.response.writeContinue();

    message.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (!tooLarge && bytes > maxBytes) {
        tooLarge = true;
        first = chunks = null;
        onBody('too large');
      }
      if (tooLarge) {
        if (bytes > maxBytes + patienceBytes) message.destroy();
      } else if (first === null) {
        first = chunk;
      } else if (chunks === null) {
        chunks = [first, chunk];
      } else {
        chunks.push(chunk);
      }
    });
    message.on('end', () => {
      if (tooLarge) return;
      onBody(chunks === null ? first : Buffer.concat(chunks, bytes));
    });
    message.on('error', (error) => {
      const refusal = refusalOfBody(error);
      // Any other error also closes the response, which is where a departure is noticed.
      if (refusal !== null) this.refuse({ ...refusal, headers: { connection: 'close' } });
    });
  }

  /**
   * Sends a complete response, unless the client has disconnected or headers were sent already.
   *
   * @param own - Further headers, as alternating names and values.
   */
  send(
    status: number,
    contentType: string,
    content: JsonContent,
    own: readonly string[] = noHeaders,
  ): void {
    const { response } = this;
    if (this.isCanceled || response.headersSent) return;
    const headers = responseHeaders(this, this.cors);
    for (const part of own) headers.push(part);
    const length = byteLengthOf(content);
    headers.push('content-type', contentType, 'content-length', String(length));
    response.writeHead(status, headers);
    if (typeof content === 'string') {
      // Text with as many bytes as characters is ASCII, which is written fastest as latin1.
      response.end(content, length === content.length ? 'latin1' : 'utf8');
    } else {
      // Node sends them together with the headers.
      for (const bytes of content) response.write(bytes);
      response.end();
    }
  }

  /** Sends a refusal. */
  refuse(refusal: Refusal): void {
    const own = Object.entries(refusal.headers ?? {}).flat();
    this.send(refusal.status, 'application/json; charset=utf-8', refusalBody(refusal), own);
  }
}

function byteLengthOf(content: JsonContent): number {
  if (typeof content === 'string') return Buffer.byteLength(content);
  return content.reduce((sum, { length }) => sum + length, 0);
}

/**
 * The headers that the gateway reads, taken from the raw ones: Node's object of headers is built from
 * all of them, and silently drops a second `Host` or `Authorization`.
 */
export class RequestHeaders {
  host: string | null = null;
  authorization: string | null = null;
  accept: string | null = null;
  contentType: string | null = null;
  contentEncoding: string | null = null;
  /** NaN where the header is absent. */
  contentLength = NaN;
  origin: string | null = null;
  requestId: string | null = null;
  traceparent: string | null = null;
  tracestate: string | null = null;
  routerSecret: string | null = null;
  /** Whether the client waits for `100 Continue` before it sends the body. */
  expectsContinue = false;
  /** How many such headers there are, of which only one is allowed (RFC 9112, 3.2; RFC 9110, 5.3). */
  hosts = 0;
  authorizations = 0;

  constructor(raw: readonly string[]) {
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const name = raw[i] ?? '';
      const value = raw[i + 1] ?? '';
      switch (name.toLowerCase()) {
        case 'host':
          this.host ??= value;
          this.hosts += 1;
          break;
        case 'authorization':
          this.authorization ??= value;
          this.authorizations += 1;
          break;
        case 'accept':
          this.accept = this.accept === null ? value : `${this.accept}, ${value}`;
          break;
        case 'content-type':
          this.contentType = this.contentType === null ? value : `${this.contentType}, ${value}`;
          break;
        case 'content-encoding':
          this.contentEncoding =
            this.contentEncoding === null ? value : `${this.contentEncoding}, ${value}`;
          break;
        case 'content-length':
          this.contentLength = Number(value);
          break;
        case 'expect':
          this.expectsContinue ||= /(?:^|\W)100-continue(?:$|\W)/i.test(value);
          break;
        case 'origin':
          this.origin ??= value;
          break;
        case 'x-request-id':
          this.requestId = this.requestId === null ? value : `${this.requestId}, ${value}`;
          break;
        case 'traceparent':
          this.traceparent = this.traceparent === null ? value : `${this.traceparent}, ${value}`;
          break;
        case 'tracestate':
          this.tracestate = this.tracestate === null ? value : `${this.tracestate}, ${value}`;
          break;
        case 'x-router-secret':
          this.routerSecret = this.routerSecret === null ? value : `${this.routerSecret}, ${value}`;
          break;
      }
    }
  }
}

/** Returns the path of a request's target, which may be in absolute form (RFC 9112, section 3.2.2). */
export function pathOf(target: string): string {
  const end = target.indexOf('?');
  const path = end === -1 ? target : target.slice(0, end);
  if (path.startsWith('/')) return path;
  return /^https?:\/\/[^/]+(\/.*)?$/i.exec(path)?.[1] ?? '/';
}
