import { performance } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RequestListener } from 'node:http';

import type { Cors } from '../../engine/cors.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Incoming } from '../../engine/incoming.ts';
import { acceptsEvents, negotiate } from '../../engine/negotiation.ts';
import { isJson } from '../../engine/parameters.ts';
import type { PreparedRequest } from '../../engine/request-reader.ts';
import { responseHeaders } from '../../engine/response-headers.ts';
import { contentTypeOf, writeResult } from '../../engine/result.ts';
import { JsonSource } from '../../json/index.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { EventResponses } from './event-responses.ts';
import { NodeRequest, type RequestHeaders } from './node-request.ts';
import { createLanding, type LandingOptions } from './landing.ts';
import { createProbes, type Readiness } from './probes.ts';
import { refusals } from './refusal.ts';
import { createSecretCheck } from './router-secret.ts';

/** The door behind this one, for whatever is no plain operation. */
export interface NextDoor {
  readonly endpoint: string;
  readonly hasPlugins: boolean;
  handle(request: Request, incoming: Incoming): Promise<Response>;
}

export interface NodeListenerOptions {
  readonly engine: Engine;
  readonly next: NextDoor;
  readonly cors: Cors;
  /** Size of a request body in bytes; beyond: HTTP 413. */
  readonly maxBodyBytes: number;
  /** What `x-router-secret` must be at the GraphQL endpoint. @default null, anything */
  readonly routerSecret?: string | null | undefined;
  readonly readiness: () => Readiness;
  /** The page at `/`, for browsers. @default null, none */
  readonly landing?: LandingOptions | null | undefined;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Everything the gateway answers over HTTP, for `http.createServer`. */
export function createNodeListener(options: NodeListenerOptions): RequestListener {
  const { engine, next, cors, maxBodyBytes, routerSecret = null, logger, metrics } = options;
  const { endpoint } = next;
  const probes = createProbes(options);
  const landing = options.landing ? createLanding(options.landing) : undefined;
  const events = new EventResponses();
  const hasSecret = routerSecret === null ? () => true : createSecretCheck(routerSecret);
  const tooLarge = {
    status: 413,
    code: 'PAYLOAD_TOO_LARGE',
    message: `The request body is larger than ${maxBodyBytes} bytes.`,
  };

  function answerOperation(request: NodeRequest, path: string): void {
    const { headers } = request;
    const { method = 'GET' } = request.message;
    if (!hasSecret(headers.routerSecret)) {
      request.refuse(refusals.notByRouter);
      return;
    }
    if (forbiddenMethods.has(method)) {
      request.refuse(refusals.noSuchMethod);
      return;
    }
    const preflight =
      method === 'OPTIONS'
        ? cors.preflightHeaders(method, headers.origin, (name) => headerOf(request, name))
        : null;
    if (preflight !== null) {
      request.response.writeHead(204, responseHeaders(request, preflight));
      request.response.end();
    } else if (method === 'GET' || method === 'HEAD') {
      passOn(request, null);
    } else if (isEncoded(headers.contentEncoding)) {
      request.refuse(refusals.encoded);
    } else if (headers.expectsContinue && !isReadable(method, headers)) {
      // The other door refuses it by its headers, so the client need not send the body.
      passOn(request, noBytes);
    } else {
      request.readBody(maxBodyBytes, (body) => {
        if (body === 'too large') request.refuse(tooLarge);
        else answerBody(request, path, withoutByteOrderMark(body ?? noBytes));
      });
    }
  }

  function answerBody(request: NodeRequest, path: string, body: Buffer): void {
    const source = JsonSource.of(body);
    if (source === null) {
      request.refuse(refusals.notUtf8);
      return;
    }
    const { accept, contentType } = request.headers;
    const mediaType = negotiate(accept);
    const isPlain =
      request.message.method === 'POST' &&
      path === endpoint &&
      !next.hasPlugins &&
      mediaType !== null &&
      isJson(contentType);
    const prepared = isPlain ? engine.prepare(source) : null;
    if (prepared !== null && prepared.plan.open !== null) {
      answerStream(request, prepared);
      return;
    }
    if (!isPlain || prepared === null || mediaType === 'text/event-stream') {
      passOn(request, body);
      return;
    }
    engine.run(prepared, request, (text, failed) => {
      if (text !== null) {
        request.send(200, contentTypeOf(mediaType), text);
      } else if (failed !== null) {
        const { status, headers, body: written } = writeResult(failed, mediaType);
        // Errors may have headers of their own, which may be none that can be sent.
        const { 'content-type': contentType, ...own } = headers;
        try {
          request.send(status, contentType ?? '', written, Object.entries(own).flat());
        } catch (error) {
          fail(request, error);
        }
      }
    });
  }

  function answerStream(request: NodeRequest, prepared: PreparedRequest): void {
    request.outgoing.operation = 'subscription';
    if (!acceptsEvents(request.headers.accept)) {
      request.refuse(refusals.eventsOnly);
      return;
    }
    engine
      .open(prepared, request)
      .then((stream) => events.send(request, stream))
      .catch((error: unknown) => {
        fail(request, error);
      });
  }

  /** Hands the request to the next door, and writes its response. */
  function passOn(request: NodeRequest, body: Buffer | null): void {
    handOver(request, body).catch((error: unknown) => {
      fail(request, error);
    });
  }

  function fail(request: NodeRequest, error: unknown): void {
    // Whoever left gets no answer, and what ends with them is no failure.
    if (request.departed) return;
    logger.error({ requestId: request.requestId, err: error }, 'request failed');
    if (request.response.headersSent) request.response.destroy();
    else request.refuse(refusals.unexpected);
  }

  async function handOver(request: NodeRequest, body: Buffer | null): Promise<void> {
    const leaving = new AbortController();
    request.watch({
      clientDeparted() {
        leaving.abort();
      },
    });
    const response = await next.handle(toFetchRequest(request, body, leaving.signal), request);
    await writeResponse(request, response);
  }

  /** Logs and counts a request once its response is complete or its client gone. */
  function conclude(request: NodeRequest, path: string, isOperation: boolean): void {
    const complete = request.response.writableFinished;
    if (!complete) request.depart();
    const durationMs = performance.now() - request.startedAt;
    // 499 is what people look for where a client left before its answer.
    const status = complete ? request.response.statusCode : 499;
    const { operation, results } = request.outgoing;
    if (isOperation) metrics.requests.ended(operation, status, durationMs);
    logger.request({
      requestId: request.requestId,
      method: request.message.method,
      path,
      status,
      complete,
      durationMs,
      operation: isOperation ? operation : null,
      results,
    });
  }

  return (message, response) => {
    const request = new NodeRequest(message, response);
    const { headers } = request;
    const path = pathOf(message.url ?? '/');
    const isOperation = path === endpoint || path.startsWith(`${endpoint}/`);
    const probe = isOperation ? undefined : path === '/' ? landing : probes(path);
    request.cors = cors.headersFor(headers.origin);
    if (isOperation) metrics.requests.started();
    // A path of somebody's own making could hold anything.
    const shownPath =
      path === endpoint || probe !== undefined ? path : isOperation ? `${endpoint}/*` : '*';
    response.on('close', () => {
      conclude(request, shownPath, isOperation);
    });

    if (!namesHost(headers.hosts, headers.host, message.httpVersion)) {
      request.refuse(refusals.noHost);
    } else if (headers.authorizations > 1) {
      request.refuse(refusals.twoCredentials);
    } else if (isOperation) {
      answerOperation(request, path);
    } else if (probe !== undefined) {
      probe(request).catch((error: unknown) => {
        logger.error({ requestId: request.requestId, err: error }, 'request failed');
        request.refuse(refusals.unexpected);
      });
    } else {
      request.refuse({
        status: 404,
        code: 'NOT_FOUND',
        message: `There is nothing at this path. GraphQL is at ${endpoint}.`,
      });
    }
  };
}

const noBytes = Buffer.alloc(0);

/** No Fetch request can be made of them (Fetch standard, section 2.2.1). */
const forbiddenMethods: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK']);

/** A byte order mark is no part of the text (RFC 8259, section 8.1). */
function withoutByteOrderMark(body: Buffer): Buffer {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body;
}

/** Whether it depends on the body of a request how it is answered. */
function isReadable(method: string, { accept, contentType }: RequestHeaders): boolean {
  return method === 'POST' && isJson(contentType) && negotiate(accept) !== null;
}

/** The path of a request's target, which may be in absolute form (RFC 9112, section 3.2.2). */
function pathOf(target: string): string {
  const end = target.indexOf('?');
  const path = end === -1 ? target : target.slice(0, end);
  if (path.startsWith('/')) return path;
  return /^https?:\/\/[^/]+(\/.*)?$/i.exec(path)?.[1] ?? '/';
}

/** RFC 9112, section 3.2: a request without one valid Host is refused. HTTP/1.0 had none. */
function namesHost(hosts: number, host: string | null, httpVersion: string): boolean {
  if (host === null) return httpVersion === '1.0';
  return hosts === 1 && (/^[\w.-]+(?::(?:\d{1,4}|[1-5]\d{4}))?$/.test(host) || isAuthority(host));
}

/** What is left of a URL is the host, and nothing else. */
function isAuthority(host: string): boolean {
  return !/[/?#@\\]/.test(host) && URL.canParse(`http://${host}/`);
}

/** A compressed body could grow without limit, and nobody needs to compress a small document. */
function isEncoded(encoding: string | null): boolean {
  return encoding !== null && encoding !== '' && encoding.toLowerCase() !== 'identity';
}

function headerOf({ message }: NodeRequest, name: string): string | null {
  const value = message.headers[name];
  return Array.isArray(value) ? value.join(', ') : (value ?? null);
}

function toFetchRequest(
  { message, headers }: NodeRequest,
  body: Buffer | null,
  signal: AbortSignal,
): Request {
  const url = urlOf(message.url ?? '/', headers.host ?? 'localhost');
  const { method = 'GET', rawHeaders } = message;
  const entries: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    if (!ofTheConnection.has(name.toLowerCase())) entries.push([name, value]);
  }
  const hasBody = body !== null && method !== 'GET' && method !== 'HEAD';
  return new Request(url, {
    method,
    headers: entries,
    signal,
    body: hasBody ? new Uint8Array(body) : null,
  });
}

/**
 * The URL of a request. Nobody looks at its host, so a target in absolute form whose authority makes
 * no URL (`http://gateway:99999/graphql`), or such a host (`1.2.3.999`), is no reason to fail.
 */
function urlOf(target: string, host: string): string {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '');
  const url = `http://${host}${path}`;
  return URL.canParse(url) ? url : `http://localhost${path}`;
}

/** Headers that belong to the connection and not to the message (RFC 9110, section 7.6.1). */
const ofTheConnection: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'transfer-encoding',
  'upgrade',
]);

async function writeResponse(request: NodeRequest, answer: Response): Promise<void> {
  const { response } = request;
  if (request.departed || response.headersSent) {
    await answer.body?.cancel();
    return;
  }
  const own = answer.headers.get('vary');
  const { vary = own, ...cors } = request.cors;
  const headers = responseHeaders(request, {
    ...(vary !== null && { vary: own === null || vary === own ? vary : `${own}, ${vary}` }),
    ...cors,
  });
  answer.headers.forEach((value, name) => {
    if (!ofTheConnection.has(name) && name !== 'vary') headers.push(name, value);
  });

  const isStream = (answer.headers.get('content-type') ?? '').startsWith('text/event-stream');
  if (answer.body === null || isStream) {
    if (answer.body === null) headers.push('content-length', '0');
    // While draining, a connection that is kept after its stream would only be waited for.
    if (isStream) response.shouldKeepAlive = false;
    response.writeHead(answer.status, headers);
    if (answer.body === null) {
      response.end();
      return;
    }
    response.flushHeaders();
    await pipeline(Readable.from(answer.body as AsyncIterable<Uint8Array>), response);
    return;
  }
  const bytes = Buffer.from(await answer.arrayBuffer());
  headers.push('content-length', String(bytes.length));
  response.writeHead(answer.status, headers);
  response.end(bytes);
}
