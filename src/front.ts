import { isUtf8 } from 'node:buffer';
import { performance } from 'node:perf_hooks';

import type { FetchDoor } from './doors/fetch/fetch-door.ts';
import type { Readiness } from './doors/node/probes.ts';
import { refusals, type Refusal } from './doors/node/refusal.ts';
import type { Cors } from './engine/cors.ts';
import { acceptRequestId, Outgoing } from './engine/incoming.ts';
import { responseHeaders } from './engine/response-headers.ts';
import type { Logger } from './telemetry/logger.ts';
import type { Metrics } from './telemetry/metrics.ts';

export interface FrontOptions {
  readonly door: FetchDoor;
  readonly cors: Cors;
  /** Size of a request body in bytes; beyond: HTTP 413. */
  readonly maxBodyBytes: number;
  /** What `/ready` says; `null` answers no probe. */
  readonly readiness: (() => Readiness) | null;
  /** Whether `/metrics` is answered. */
  readonly showsMetrics: boolean;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** What a request is about, besides GraphQL. */
type Page = () => Response | Promise<Response>;

/**
 * What `doors/node/` does around an operation, for a gateway that is reached by `fetch`: refusals of
 * bodies, probes, metrics and the request's line in the log.
 */
export function createFront(options: FrontOptions): (request: Request) => Promise<Response> {
  const { door, cors, maxBodyBytes, metrics, logger } = options;
  const { endpoint } = door;
  const pages = createPages(options);

  function refuse(request: Request, { status, code, message, headers }: Refusal): Response {
    const incoming = { requestId: requestIdOf(request), outgoing: new Outgoing() };
    const more = responseHeaders(incoming, cors.headersFor(request.headers.get('origin')));
    const response = Response.json(
      { errors: [{ message, extensions: { code } }] },
      { status, headers: headers ?? {} },
    );
    for (let i = 0; i < more.length; i += 2)
      response.headers.append(more[i] ?? '', more[i + 1] ?? '');
    return response;
  }

  async function answerOperation(request: Request, outgoing: Outgoing): Promise<Response> {
    if (request.body === null) return door.fetch(request, outgoing);
    const encoding = request.headers.get('content-encoding')?.toLowerCase() ?? '';
    if (encoding !== '' && encoding !== 'identity') return refuse(request, refusals.encoded);
    const body = await readBody(request, maxBodyBytes);
    if (body === null) {
      return refuse(request, {
        status: 413,
        code: 'PAYLOAD_TOO_LARGE',
        message: `The request body is larger than ${maxBodyBytes} bytes.`,
      });
    }
    if (!isUtf8(body)) return refuse(request, refusals.notUtf8);
    const { url, method, headers, signal } = request;
    return door.fetch(new Request(url, { method, headers, signal, body }), outgoing);
  }

  async function answer(request: Request, path: string, outgoing: Outgoing): Promise<Response> {
    if (isBelow(path, endpoint)) return answerOperation(request, outgoing);
    const page = pages.get(path);
    if (page === undefined) {
      return refuse(request, {
        status: 404,
        code: 'NOT_FOUND',
        message: `There is nothing at this path. GraphQL is at ${endpoint}.`,
      });
    }
    const { method } = request;
    if (method !== 'GET' && method !== 'HEAD') return refuse(request, refusals.readOnly);
    const { status, headers, body } = await page();
    return new Response(method === 'HEAD' ? null : body, { status, headers });
  }

  return async (request) => {
    const startedAt = performance.now();
    const path = new URL(request.url).pathname;
    const isOperation = isBelow(path, endpoint);
    const outgoing = new Outgoing();
    if (isOperation) metrics.requests.started();
    let response: Response;
    try {
      response = await answer(request, path, outgoing);
    } catch (error) {
      // Whoever left gets no answer, and what ends with them is no failure.
      if (!request.signal.aborted) {
        logger.error({ requestId: requestIdOf(request), err: error }, 'request failed');
      }
      response = refuse(request, refusals.unexpected);
    }
    const complete = !request.signal.aborted;
    const status = complete ? response.status : 499;
    const durationMs = performance.now() - startedAt;
    if (isOperation) metrics.requests.ended(outgoing.operation, status, durationMs);
    logger.request({
      requestId: response.headers.get('x-request-id') ?? requestIdOf(request),
      method: request.method,
      // A path of somebody's own making could hold anything.
      path: path === endpoint || pages.has(path) ? path : isOperation ? `${endpoint}/*` : '*',
      status,
      complete,
      durationMs,
      operation: isOperation ? outgoing.operation : null,
      results: outgoing.results,
    });
    return response;
  };
}

function createPages({ readiness, showsMetrics, metrics }: FrontOptions): Map<string, Page> {
  const pages = new Map<string, Page>();
  const headers = { 'cache-control': 'no-store' };
  if (readiness !== null) {
    // The process is alive because it answers.
    pages.set('/health', () => Response.json({ status: 'ok' }, { headers }));
    pages.set('/ready', () => {
      const state = readiness();
      return Response.json(state, { status: state.ready ? 200 : 503, headers });
    });
  }
  if (showsMetrics) {
    pages.set('/metrics', async () => {
      const type = { 'content-type': metrics.contentType };
      return new Response(await metrics.text(), { headers: { ...headers, ...type } });
    });
  }
  return pages;
}

function requestIdOf(request: Request): string {
  return acceptRequestId(request.headers.get('x-request-id'));
}

function isBelow(path: string, endpoint: string): boolean {
  return path === endpoint || path.startsWith(`${endpoint}/`);
}

/** The body; `null` where it is larger than `maxBytes`, of which no more is then read. */
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
  return new Uint8Array(Buffer.concat(chunks, length));
}
