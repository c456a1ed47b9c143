import { isUtf8 } from 'node:buffer';
import { performance } from 'node:perf_hooks';

import type { FetchDoor, KnownOfRequest } from './doors/fetch/fetch-door.ts';
import { createProbes, probeCacheControl, type Readiness } from './doors/node/probes.ts';
import {
  bodyTooLarge,
  notFound,
  refusalBody,
  refusals,
  type Refusal,
} from './doors/node/refusal.ts';
import type { Cors } from './engine/cors.ts';
import { acceptRequestId, readTraceContext, Outgoing } from './engine/incoming.ts';
import { addResponseHeaders } from './engine/response-headers.ts';
import { isEncoded } from './http.ts';
import type { Logger } from './telemetry/logger.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { beginRecord, endRecord, isOperationPath, shownPath } from './telemetry/request-record.ts';
import type { Tracer } from './telemetry/tracing.ts';

/** What the front of an embedded gateway is made of. */
export interface FrontOptions {
  readonly door: FetchDoor;
  readonly cors: Cors;
  /** The maximum size of a request body, in bytes. A larger one is refused with HTTP 413. */
  readonly maxBodyBytes: number;
  /** Returns what `/ready` reports; `null` serves neither `/ready` nor `/health`. */
  readonly readiness: (() => Readiness) | null;
  /** Whether `/metrics` is served. */
  readonly showsMetrics: boolean;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** `null` traces nothing. */
  readonly tracer: Tracer | null;
}

type Known = Required<KnownOfRequest>;

/**
 * Creates the `fetch` function of an embedded gateway. It does what `doors/node/` does around an
 * operation: it refuses invalid bodies, serves the probes, and logs and counts each request.
 */
export function createFront(options: FrontOptions): (request: Request) => Promise<Response> {
  const { door, cors, maxBodyBytes, showsMetrics, readiness, metrics, logger } = options;
  const { endpoint } = door;
  const probes = createProbes({ readiness, metrics: showsMetrics ? metrics : null });

  /** Creates a response with the headers that every response has. */
  function respond(
    request: Request,
    known: Known,
    body: string | null,
    init: { readonly status: number; readonly headers: Readonly<Record<string, string>> },
  ): Response {
    const response = new Response(body, init);
    addResponseHeaders(response.headers, known, cors.headersFor(request.headers.get('origin')));
    return response;
  }

  function refuse(request: Request, known: Known, refusal: Refusal): Response {
    const contentType = { 'content-type': 'application/json; charset=utf-8' };
    const { status, headers = {} } = refusal;
    const init = { status, headers: { ...contentType, ...headers } };
    return respond(request, known, refusalBody(refusal), init);
  }

  async function answerOperation(request: Request, known: Known): Promise<Response> {
    if (request.body === null) return door.fetch(request, known);
    if (isEncoded(request.headers.get('content-encoding'))) {
      return refuse(request, known, refusals.encoded);
    }
    const body = await readBody(request, maxBodyBytes);
    if (body === null) return refuse(request, known, bodyTooLarge(maxBodyBytes));
    if (!isUtf8(body)) return refuse(request, known, refusals.notUtf8);
    const { url, method, headers, signal } = request;
    return door.fetch(new Request(url, { method, headers, signal, body }), known);
  }

  async function answer(request: Request, path: string, known: Known): Promise<Response> {
    if (isOperationPath(path, endpoint)) return answerOperation(request, known);
    const probe = probes.get(path);
    if (probe === undefined) return refuse(request, known, notFound(endpoint));
    const { method } = request;
    if (method !== 'GET' && method !== 'HEAD') return refuse(request, known, refusals.readOnly);
    const { status, contentType, body } = await probe();
    const headers = { 'content-type': contentType, 'cache-control': probeCacheControl };
    return respond(request, known, method === 'HEAD' ? null : body, { status, headers });
  }

  return async (request) => {
    const startedAt = performance.now();
    const path = new URL(request.url).pathname;
    const isOperation = isOperationPath(path, endpoint);
    const shown = shownPath(path, endpoint, probes.has(path));
    const { method, headers } = request;
    const requestId = acceptRequestId(headers.get('x-request-id'));
    const outgoing = new Outgoing();
    const begun = {
      requestId,
      get trace() {
        return readTraceContext(headers.get('traceparent'), headers.get('tracestate'));
      },
    };
    const span = isOperation ? beginRecord(options, method, shown, begun) : null;
    const known = { requestId, outgoing, span };
    let response: Response;
    try {
      response = await answer(request, path, known);
    } catch (error) {
      // A client that has left gets no response, and an error that its leaving caused is not a failure.
      if (!request.signal.aborted) {
        logger.error({ requestId, err: error }, 'request failed');
      }
      response = refuse(request, known, refusals.unexpected);
    }
    const complete = !request.signal.aborted;
    const status = complete ? response.status : 499;
    const durationMs = performance.now() - startedAt;
    const { operation, operationName, results } = outgoing;
    endRecord(options, span, {
      requestId,
      method,
      path: shown,
      status,
      complete,
      durationMs,
      operation: isOperation ? operation : null,
      operationName,
      results,
    });
    return response;
  };
}

/** Reads the body. Returns `null` once it is larger than `maxBytes`, and reads no more of it. */
async function readBody(
  { headers, body }: Request,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  if (Number(headers.get('content-length')) > maxBytes) {
    await body?.cancel();
    return null;
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > maxBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
