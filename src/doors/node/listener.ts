import { performance } from 'node:perf_hooks';
import type { RequestListener } from 'node:http';

import type { Cors } from '../../engine/cors.ts';
import type { Engine } from '../../engine/engine.ts';
import { acceptsEvents, negotiate } from '../../engine/negotiation.ts';
import { isJson } from '../../engine/parameters.ts';
import type { PreparedRequest } from '../../engine/request-reader.ts';
import { responseHeaders } from '../../engine/response-headers.ts';
import { contentTypeOf, writeResult } from '../../engine/result.ts';
import { isEncoded } from '../../http.ts';
import { JsonSource, withoutByteOrderMark } from '../../json/index.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import {
  beginRecord,
  endRecord,
  isOperationPath,
  shownPath,
} from '../../telemetry/request-record.ts';
import type { Tracer } from '../../telemetry/tracing.ts';
import { EventResponses } from './event-responses.ts';
import { handOver, type HandleFetch } from './handover.ts';
import { NodeRequest, pathOf, type RequestHeaders } from './node-request.ts';
import { createLanding, type LandingOptions } from './landing.ts';
import { answerProbe, createProbes, type Readiness } from './probes.ts';
import { bodyTooLarge, notFound, refusals } from './refusal.ts';
import { createSecretCheck } from './router-secret.ts';

/** The door that executes requests by Yoga: those that have no plan. */
export interface YogaDoor {
  readonly endpoint: string;
  readonly hasPlugins: boolean;
  readonly handle: HandleFetch;
}

/** What the Node door is made of. */
export interface NodeListenerOptions {
  readonly engine: Engine;
  readonly yoga: YogaDoor;
  readonly cors: Cors;
  /** The maximum size of a request body, in bytes. A larger one is refused with HTTP 413. */
  readonly maxBodyBytes: number;
  /** The `x-router-secret` that the GraphQL endpoint requires. @default null, which accepts any */
  readonly routerSecret?: string | null | undefined;
  readonly readiness: () => Readiness;
  /** The page at `/` for browsers, and the schema as text. @default null, which serves neither */
  readonly landing?: LandingOptions | null | undefined;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** @default null, which traces nothing */
  readonly tracer?: Tracer | null | undefined;
}

/** Creates the listener that answers all HTTP requests of the gateway, for `http.createServer`. */
export function createNodeListener(options: NodeListenerOptions): RequestListener {
  const { engine, yoga, cors, maxBodyBytes, routerSecret = null, logger } = options;
  const { endpoint } = yoga;
  const pages = createPages(options);
  const events = new EventResponses();
  const hasSecret = createSecretCheck(routerSecret);

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
      executeByYoga(request, null);
    } else if (isEncoded(headers.contentEncoding)) {
      request.refuse(refusals.encoded);
    } else if (headers.expectsContinue && !isReadable(method, headers)) {
      // Yoga refuses it by its headers, so the client need not send the body.
      executeByYoga(request, noBytes);
    } else {
      request.readBody(maxBodyBytes, (body) => {
        // Events of the stream call this: an error that it throws would end the process.
        try {
          if (body === 'too large') request.refuse(bodyTooLarge(maxBodyBytes));
          else answerBody(request, path, withoutByteOrderMark(body ?? noBytes));
        } catch (error) {
          fail(request, error);
        }
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
    const mayHavePlan =
      request.message.method === 'POST' &&
      path === endpoint &&
      !yoga.hasPlugins &&
      mediaType !== null &&
      isJson(contentType);
    const prepared = mayHavePlan ? engine.prepare(source) : null;
    if (prepared !== null && prepared.plan.open !== null) {
      answerStream(request, prepared);
      return;
    }
    if (!mayHavePlan || prepared === null || mediaType === 'text/event-stream') {
      executeByYoga(request, body);
      return;
    }
    engine.run(prepared, request, (output, failed) => {
      try {
        if (output !== null) {
          request.send(200, contentTypeOf(mediaType), output.content);
        } else if (failed !== null) {
          const { status, headers, body: written } = writeResult(failed, mediaType);
          // Errors may have headers of their own. An invalid one makes `send` throw.
          const { 'content-type': contentType, ...own } = headers;
          request.send(status, contentType ?? '', written, Object.entries(own).flat());
        }
      } catch (error) {
        fail(request, error);
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

  /** Hands the request to Yoga, and writes its response. */
  function executeByYoga(request: NodeRequest, body: Buffer | null): void {
    handOver(request, body, yoga.handle).catch((error: unknown) => {
      fail(request, error);
    });
  }

  function fail(request: NodeRequest, error: unknown): void {
    // A client that has left gets no response, and an error that its leaving caused is not a failure.
    if (request.isCanceled) return;
    logger.error({ requestId: request.requestId, err: error }, 'request failed');
    if (request.response.headersSent) request.response.destroy();
    else request.refuse(refusals.unexpected);
  }

  /** Logs and counts a request once its response is complete or its client has left. */
  function conclude(request: NodeRequest, path: string, isOperation: boolean): void {
    const complete = request.response.writableFinished;
    if (!complete) request.depart();
    const durationMs = performance.now() - request.startedAt;
    // 499 is the usual status in logs for a client that disconnected before the response.
    const status = complete ? request.response.statusCode : 499;
    const { operation, operationName, results } = request.outgoing;
    endRecord(options, request.span, {
      requestId: request.requestId,
      method: request.message.method,
      path,
      status,
      complete,
      durationMs,
      operation: isOperation ? operation : null,
      operationName,
      results,
    });
  }

  return (message, response) => {
    const request = new NodeRequest(message, response);
    const { headers } = request;
    const path = pathOf(message.url ?? '/');
    const isOperation = isOperationPath(path, endpoint);
    const page = isOperation ? undefined : pages.get(path);
    request.cors = cors.headersFor(headers.origin);
    const shown = shownPath(path, endpoint, page !== undefined);
    if (isOperation) request.span = beginRecord(options, message.method, shown, request);
    response.on('close', () => {
      conclude(request, shown, isOperation);
    });

    try {
      if (!namesHost(headers.hosts, headers.host, message.httpVersion)) {
        request.refuse(refusals.noHost);
      } else if (headers.authorizations > 1) {
        request.refuse(refusals.twoCredentials);
      } else if (isOperation) {
        answerOperation(request, path);
      } else if (page !== undefined) {
        page(request).catch((error: unknown) => {
          fail(request, error);
        });
      } else {
        request.refuse(notFound(endpoint));
      }
    } catch (error) {
      fail(request, error);
    }
  };
}

type Page = (request: NodeRequest) => Promise<void>;

/** Creates the handlers of the paths other than the GraphQL endpoint. */
function createPages({ landing, ...probes }: NodeListenerOptions) {
  const pages = landing ? createLanding(landing) : new Map<string, Page>();
  for (const [path, probe] of createProbes(probes)) {
    pages.set(path, (request) => answerProbe(probe, request));
  }
  return pages;
}

const noBytes = Buffer.alloc(0);

/** The methods that a Fetch request must not have (Fetch standard, section 2.2.1). */
const forbiddenMethods: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK']);

/** Whether the response depends on the body of the request. */
function isReadable(method: string, { accept, contentType }: RequestHeaders): boolean {
  return method === 'POST' && isJson(contentType) && negotiate(accept) !== null;
}

/** RFC 9112, section 3.2: a request must have one valid Host. HTTP/1.0 does not require it. */
function namesHost(hosts: number, host: string | null, httpVersion: string): boolean {
  if (host === null) return httpVersion === '1.0';
  return hosts === 1 && (/^[\w.-]+(?::(?:\d{1,4}|[1-5]\d{4}))?$/.test(host) || isAuthority(host));
}

/** Whether a URL with that host is valid, and the text contains no other part of a URL. */
function isAuthority(host: string): boolean {
  return !/[/?#@\\]/.test(host) && URL.canParse(`http://${host}/`);
}

function headerOf({ message }: NodeRequest, name: string): string | null {
  const value = message.headers[name];
  return Array.isArray(value) ? value.join(', ') : (value ?? null);
}
