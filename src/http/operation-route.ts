import type { IncomingMessage, ServerResponse } from 'node:http';
import { GraphQLError, type ExecutionResult } from 'graphql';
import { isAsyncIterable, processRegularResult } from 'graphql-yoga';

import { stringifyJson } from '../json/index.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Gateway } from '../server.ts';
import { createCors } from '../yoga/cors.ts';
import { isJson, parseParams, writeExactly } from '../yoga/use-exact-json.ts';
import { responseHeadersOf } from '../yoga/use-gateway-context.ts';
import { OperationRequest } from './operation-request.ts';

type MediaType = 'application/json' | 'application/graphql-response+json';

const mediaTypes: ReadonlyMap<string, MediaType> = new Map([
  ['*/*', 'application/json'],
  ['application/json', 'application/json'],
  ['application/graphql-response+json', 'application/graphql-response+json'],
]);

export interface OperationRouteOptions {
  readonly gateway: Gateway;
  /** @default none */
  readonly corsOrigins?: readonly string[] | undefined;
  readonly logger: Pick<Logger, 'error'>;
}

/**
 * The plain way for a plain operation: a JSON body in, one JSON result out, with no Fetch Request
 * and Response in between. The operation itself runs through Yoga with all its plugins; what this
 * route does not know, it leaves to Yoga's own request handling.
 *
 * @returns A function that answers, or returns `null` where the request is no such plain one.
 */
export function createOperationRoute(options: OperationRouteOptions) {
  const { gateway, corsOrigins = [], logger } = options;
  const cors = createCors(corsOrigins);

  async function answer(
    incoming: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
    mediaType: MediaType,
  ): Promise<void> {
    const request = new OperationRequest(incoming, response) as unknown as Request;
    const serverContext = { req: incoming, res: response };
    const result = await execute(request, body.toString('utf8'), serverContext);
    setHeaders(response, responseHeadersOf(request) ?? {});
    setHeaders(response, cors.headersFor(incoming.headers.origin ?? null));
    if (result.errors === undefined) {
      send(response, 200, `${mediaType}; charset=utf-8`, stringifyJson(result));
    } else {
      await sendErrors(response, result, mediaType);
    }
  }

  async function execute(
    request: Request,
    body: string,
    serverContext: object,
  ): Promise<ExecutionResult> {
    try {
      const params = parseParams(body);
      const result = await gateway.getResultForParams({ params, request }, serverContext);
      if (result === undefined || isAsyncIterable(result)) {
        throw new TypeError('One result was expected of the operation.');
      }
      return result;
    } catch (error) {
      return { errors: [error instanceof GraphQLError ? error : unexpected(error)] };
    }
  }

  function unexpected(error: unknown): GraphQLError {
    logger.error({ err: error }, 'operation failed');
    return new GraphQLError('Unexpected error.', {
      extensions: { code: 'INTERNAL_SERVER_ERROR', http: { status: 500 } },
    });
  }

  /** Yoga knows which status errors make, and hides what they carry inside. */
  async function sendErrors(response: ServerResponse, result: ExecutionResult, type: MediaType) {
    writeExactly(result);
    const answer = processRegularResult(result, gateway.fetchAPI, type);
    setHeaders(response, Object.fromEntries(answer.headers));
    send(response, answer.status, answer.headers.get('content-type') ?? type, await answer.text());
  }

  return (
    incoming: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
  ): Promise<void> | null => {
    const mediaType = acceptedMediaType(incoming.headers.accept);
    const isPlain =
      incoming.method === 'POST' &&
      incoming.url === gateway.graphqlEndpoint &&
      isJson(incoming.headers['content-type']) &&
      // A subscription is answered with a stream. Where the word is data, nothing is lost but time.
      !body.includes('subscription');
    return isPlain && mediaType !== null ? answer(incoming, response, body, mediaType) : null;
  };
}

/** What the client names first, where that is simple; `null` leaves the weighing to Yoga. */
function acceptedMediaType(accept = '*/*'): MediaType | null {
  if (accept.includes(';')) return null;
  const [first = ''] = accept.split(',', 1);
  return mediaTypes.get(first.trim().toLowerCase()) ?? null;
}

function setHeaders(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
