import { GraphQLError } from 'graphql';

import { JsonText, parseJson } from '../json/index.ts';

/** The parameters of a GraphQL request (GraphQL over HTTP, "Request Parameters"). */
export interface Parameters {
  readonly query?: string | null | undefined;
  /** The key of a persisted document. */
  readonly documentId?: string | null | undefined;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
}

const names: ReadonlySet<string> = new Set([
  'query',
  'documentId',
  'operationName',
  'variables',
  'extensions',
]);

/** Whether a `content-type` is JSON (RFC 8259, or the media type of the GraphQL over HTTP draft). */
export function isJson(contentType: string | null | undefined): boolean {
  return /^application\/(?:graphql\+)?json\s*(?:;|$)/i.test(contentType ?? '');
}

/**
 * Reads the parameters in the JSON body of a request.
 *
 * @throws {GraphQLError} with HTTP status 400 where they are malformed.
 */
export function parseBody(body: string): Parameters {
  // RFC 8259, section 8.1, allows a receiver to ignore a byte order mark.
  const text = body.startsWith('\uFEFF') ? body.slice(1) : body;
  const parameters = parse(text, 'The request body must be valid JSON.');
  if (Array.isArray(parameters)) {
    throw badRequest('The request body must be one operation: batching is not supported.');
  }
  if (typeof parameters !== 'object' || parameters === null) {
    throw badRequest('The request body must be a JSON object such as {"query": "{ __typename }"}.');
  }
  return checkParameters(parameters as Record<string, unknown>);
}

/**
 * Reads the parameters in the URL of a GET request.
 *
 * @throws {GraphQLError} with HTTP status 400 where they are malformed.
 */
export function parseSearch(url: string): Parameters {
  // Only the first question mark is a separator: the query and its variables may contain others.
  const at = url.indexOf('?');
  const search = new URLSearchParams(at === -1 ? '' : url.slice(at + 1));
  const parameters: Record<string, unknown> = {};
  for (const name of ['query', 'documentId', 'operationName']) {
    const value = search.get(name);
    if (value !== null && value !== '') parameters[name] = value;
  }
  for (const name of ['variables', 'extensions']) {
    const value = search.get(name);
    if (value) parameters[name] = parse(value, `The parameter ${name} must be valid JSON.`);
  }
  return checkParameters(parameters);
}

function parse(text: string, complaint: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw badRequest(complaint);
  }
}

function checkParameters(parameters: Record<string, unknown>): Parameters {
  const { variables, extensions } = parameters;
  for (const name of Object.keys(parameters)) {
    if (names.has(name) || parameters[name] === null) continue;
    throw badRequest(`Unexpected parameter ${JSON.stringify(name.slice(0, 100))} in the request.`);
  }
  for (const name of ['query', 'documentId', 'operationName']) {
    if (typeof (parameters[name] ?? '') !== 'string') {
      throw badRequest(`The parameter ${name} must be a string.`);
    }
  }
  if (!isObjectOrAbsent(variables)) throw badRequest('The parameter variables must be an object.');
  if (!isObjectOrAbsent(extensions)) {
    throw badRequest('The parameter extensions must be an object.');
  }
  return parameters;
}

function isObjectOrAbsent(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof JsonText);
}

/** Creates the error of a malformed request: HTTP status 400 for all clients. */
export function badRequest(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status: 400 } } });
}

/** Creates the error of a POST whose body is not JSON: HTTP status 415. */
export function notJson(): GraphQLError {
  return new GraphQLError('The request body must be JSON: send content-type application/json.', {
    extensions: { code: 'UNSUPPORTED_MEDIA_TYPE', http: { status: 415 } },
  });
}
