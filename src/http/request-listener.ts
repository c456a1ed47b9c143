import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

import type { Gateway } from '../server.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { acceptRequestId } from '../yoga/use-request-id.ts';
import { createOperationRoute } from './operation-route.ts';
import { createProbes, type Readiness } from './probes.ts';
import { BodyTooLargeError, RequestAbortedError, readBody } from './read-body.ts';
import { refuse } from './refusal.ts';
import { createRequestLog } from './request-log.ts';
import { createSecretCheck } from './router-secret.ts';

export interface RequestListenerOptions {
  readonly gateway: Gateway;
  /** The ones the gateway was created with. @default none */
  readonly corsOrigins?: readonly string[] | undefined;
  readonly maxBodyBytes: number;
  /** What `x-router-secret` must be at the GraphQL endpoint. @default null, anything */
  readonly routerSecret?: string | null | undefined;
  readonly readiness: () => Readiness;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Everything the gateway answers over HTTP, for `http.createServer`. */
export function createRequestListener(options: RequestListenerOptions): RequestListener {
  const { gateway, maxBodyBytes, routerSecret = null, logger, metrics, readiness } = options;
  const endpoint = gateway.graphqlEndpoint;
  const probes = createProbes({ readiness, metrics });
  const answerOperation = createOperationRoute(options);
  const logRequest = createRequestLog({ logger, metrics: metrics.requests });
  const hasSecret = routerSecret === null ? () => true : createSecretCheck(routerSecret);

  async function answerGraphQL(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!hasSecret(request.headers['x-router-secret'])) {
      refuse(response, {
        status: 403,
        code: 'FORBIDDEN',
        message: 'Requests must come through the router.',
      });
    } else if (request.method === 'GET' || request.method === 'HEAD') {
      await gateway(request, response);
    } else if (isEncoded(request)) {
      refuse(response, {
        status: 415,
        code: 'UNSUPPORTED_MEDIA_TYPE',
        message: 'Send the request body as it is, without content-encoding.',
        headers: { 'accept-encoding': 'identity' },
      });
    } else {
      await answerBody(request, response, await readBody(request, maxBodyBytes));
    }
  }

  async function answerBody(request: IncomingMessage, response: ServerResponse, body: Buffer) {
    if (!isUtf8(body)) {
      refuse(response, {
        status: 400,
        code: 'BAD_REQUEST',
        message: 'The request body must be UTF-8.',
      });
      return;
    }
    // Yoga takes a body that was read before it from where body parsers leave it.
    await (answerOperation(request, response, body) ??
      gateway(Object.assign(request, { body }), response));
  }

  function answerFailure(error: unknown, requestId: string, response: ServerResponse): void {
    if (error instanceof BodyTooLargeError && !response.headersSent) {
      refuse(response, { status: 413, code: 'PAYLOAD_TOO_LARGE', message: error.message });
      return;
    }
    if (!(error instanceof RequestAbortedError)) {
      logger.error({ requestId, err: error }, 'request failed');
    }
    if (error instanceof RequestAbortedError || response.headersSent) {
      response.destroy();
    } else {
      refuse(response, {
        status: 500,
        code: 'INTERNAL_SERVER_ERROR',
        message: 'Unexpected error.',
      });
    }
  }

  return (request, response) => {
    const requestId = acceptRequestId(request.headers['x-request-id'] as string | undefined);
    request.headers['x-request-id'] = requestId;
    response.setHeader('x-request-id', requestId);

    const path = request.url?.split('?', 1)[0] ?? '/';
    const isOperation = path === endpoint || path.startsWith(`${endpoint}/`);
    const probe = probes(path);
    logRequest(request, response, {
      requestId,
      // A path of somebody's own making could hold anything.
      path: path === endpoint || probe !== undefined ? path : isOperation ? `${endpoint}/*` : '*',
      isOperation,
    });

    if (!namesHost(request)) {
      refuse(response, {
        status: 400,
        code: 'BAD_REQUEST',
        message: 'The Host header must name a host.',
        headers: { connection: 'close' },
      });
      return;
    }
    const answering = (isOperation ? answerGraphQL : probe)?.(request, response);
    answering?.catch((error: unknown) => {
      answerFailure(error, requestId, response);
    });
    if (answering === undefined) {
      refuse(response, {
        status: 404,
        code: 'NOT_FOUND',
        message: `There is nothing at this path. GraphQL is at ${endpoint}.`,
      });
    }
  };
}

/** RFC 9112, section 3.2: a request without a valid Host is refused. HTTP/1.0 had none. */
function namesHost({ headers, httpVersion }: IncomingMessage): boolean {
  const { host } = headers;
  if (host === undefined) return httpVersion === '1.0';
  return /^[\w.-]+(?::\d{1,4})?$/.test(host) || isAuthority(host);
}

/** What is left of a URL is the host, and nothing else. */
function isAuthority(host: string): boolean {
  return !/[/?#@\\]/.test(host) && URL.canParse(`http://${host}/`);
}

/** A compressed body could grow without limit, and nobody needs to compress a small document. */
function isEncoded({ headers }: IncomingMessage): boolean {
  const encoding = headers['content-encoding'];
  return encoding !== undefined && encoding.toLowerCase() !== 'identity';
}
