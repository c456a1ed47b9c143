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
    onRequestParse({ request, setRequestParser }) {
      if (request.method === 'GET') {
        setRequestParser(() => parseSearch(request.url));
      } else if (request.method === 'POST') {
        if (!isJson(request.headers.get('content-type'))) throw notJson();
        setRequestParser(async () => parseParams(await request.text()));
      }
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
  const params = parse(body, 'The request body must be valid JSON.');
  if (Array.isArray(params)) {
    throw badRequest('The request body must be one operation: batching is not supported.');
  }
  if (typeof params !== 'object' || params === null) {
    throw badRequest('The request body must be a JSON object such as {"query": "{ __typename }"}.');
  }
  return params;
}

/** The GraphQL parameters in the URL of a GET request. */
function parseSearch(url: string): GraphQLParams {
  const search = new URLSearchParams(url.split('?', 2)[1]);
  const params: Record<string, unknown> = {};
  for (const name of ['query', 'operationName']) {
    const value = search.get(name);
    if (value !== null && value !== '') params[name] = value;
  }
  for (const name of ['variables', 'extensions']) {
    const value = search.get(name);
    if (value) params[name] = parse(value, `The parameter ${name} must be valid JSON.`);
  }
  return params;
}

function parse(text: string, complaint: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw badRequest(complaint);
  }
}

function badRequest(message: string) {
  return createGraphQLError(message, {
    extensions: { code: 'BAD_REQUEST', http: { status: 400 } },
  });
}

function notJson() {
  return createGraphQLError('The request body must be JSON: send content-type application/json.', {
    extensions: { code: 'UNSUPPORTED_MEDIA_TYPE', http: { status: 415 } },
  });
}
