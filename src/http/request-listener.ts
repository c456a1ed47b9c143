import { performance } from 'node:perf_hooks';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

import type { Gateway } from '../server.ts';
import type { Logger } from '../telemetry/logger.ts';
import { acceptRequestId } from '../yoga/use-request-id.ts';
import { createOperationRoute } from './operation-route.ts';
import { createProbes, type ProbeOptions } from './probes.ts';
import { BodyTooLargeError, RequestAbortedError, readBody } from './read-body.ts';
import { createSecretCheck } from './router-secret.ts';

export interface RequestListenerOptions extends ProbeOptions {
  readonly gateway: Gateway;
  readonly maxBodyBytes: number;
  /** What `x-router-secret` must be at the GraphQL endpoint. @default null, anything */
  readonly routerSecret?: string | null | undefined;
  readonly logger: Logger;
}

/** Everything the gateway answers over HTTP, for `http.createServer`. */
export function createRequestListener(options: RequestListenerOptions): RequestListener {
  const { gateway, maxBodyBytes, routerSecret = null, logger } = options;
  const probes = createProbes(options);
  const answerOperation = createOperationRoute({ gateway, logger });
  const hasSecret = routerSecret === null ? () => true : createSecretCheck(routerSecret);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split('?', 1)[0] ?? '/';
    const probe = probes(path);
    if (probe !== undefined) {
      const { status, contentType, body } = await probe();
      sendText(response, status, body, contentType);
    } else if (!hasSecret(request.headers['x-router-secret'])) {
      sendText(response, 403, 'Requests must come through the router.\n');
    } else {
      await answerGraphQL(request, response);
    }
  }

  async function answerGraphQL(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'GET' || request.method === 'HEAD') {
      await gateway(request, response);
      return;
    }
    const body = await readBody(request, maxBodyBytes);
    // Yoga takes a body that was read before it from where body parsers leave it.
    await (answerOperation(request, response, body) ??
      gateway(Object.assign(request, { body }), response));
  }

  function answerFailure(error: unknown, response: ServerResponse): void {
    if (response.headersSent || error instanceof RequestAbortedError) {
      response.destroy();
    } else if (error instanceof BodyTooLargeError) {
      // The rest of the body is not worth reading, so the connection cannot be used again.
      response.setHeader('connection', 'close');
      sendText(response, 413, `${error.message}\n`);
    } else {
      logger.error({ err: error }, 'request failed');
      sendText(response, 500, 'Unexpected error.\n');
    }
  }

  return (request, response) => {
    const startedAt = performance.now();
    const requestId = acceptRequestId(request.headers['x-request-id'] as string | undefined);
    request.headers['x-request-id'] = requestId;
    response.setHeader('x-request-id', requestId);
    response.once('close', () => {
      logger.info(
        {
          requestId,
          method: request.method,
          path: request.url?.split('?', 1)[0],
          status: response.statusCode,
          complete: response.writableFinished,
          durationMs: Math.round((performance.now() - startedAt) * 10) / 10,
        },
        'request',
      );
    });
    answer(request, response).catch((error: unknown) => {
      answerFailure(error, response);
    });
  };
}

function sendText(
  response: ServerResponse,
  status: number,
  body: string,
  contentType = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'content-type': contentType });
  response.end(body);
}
