import type { ExecutionResult } from 'graphql';
import { createGraphQLError, type GraphQLParams, type Plugin } from 'graphql-yoga';

import { parseJson, stringifyJson } from '../json/index.ts';

/**
 * Reads requests and writes results without loss: numbers keep their digits and objects their key
 * order, where Yoga's own JSON would round the ones and sort the others.
 *
 * It also takes JSON bodies only. Forms and plain text need no preflight from a browser, so a page
 * of somebody else's could send them with the user's cookies.
 */
export function useExactJson(): Plugin {
  return {
    onRequestParse({ request, setRequestParser, fetchAPI }) {
      if (request.method !== 'POST') return;
      setRequestParser(
        isJson(request.headers.get('content-type'))
          ? async () => parseParams(await request.text())
          : () => new fetchAPI.Response('Send application/json.\n', { status: 415 }),
      );
    },
    onResultProcess({ result }) {
      if (Array.isArray(result) || Symbol.asyncIterator in result) return;
      writeExactly(result);
    },
  };
}

/** Makes a result write itself exactly, in Yoga's response processors and ours. */
export function writeExactly(result: ExecutionResult): void {
  Object.assign(result, { stringify: stringifyJson });
}

/** Whether a `content-type` says JSON (RFC 8259, and the GraphQL over HTTP draft's media type). */
export function isJson(contentType: string | null | undefined): boolean {
  return /^application\/(?:graphql\+)?json\s*(?:;|$)/i.test(contentType ?? '');
}

/**
 * The GraphQL parameters in a request's JSON body.
 *
 * @throws GraphQLError with HTTP status 400 where it is no JSON object.
 */
export function parseParams(body: string): GraphQLParams {
  let params: unknown;
  try {
    params = parseJson(body);
  } catch {
    throw badRequest('The request body must be valid JSON.');
  }
  if (Array.isArray(params)) {
    throw badRequest('The request body must be one operation: batching is not supported.');
  }
  if (typeof params !== 'object' || params === null) {
    throw badRequest('The request body must be a JSON object such as {"query": "{ __typename }"}.');
  }
  return params;
}

function badRequest(message: string) {
  return createGraphQLError(message, {
    extensions: { code: 'BAD_REQUEST', http: { spec: true, status: 400 } },
  });
}
