import { GraphQLError, type ExecutionResult, type GraphQLFormattedError } from 'graphql';

import { JsonOutput, OutputTooLong, writeJson, writeJsonTo } from '../json/index.ts';
import type { MediaType } from './negotiation.ts';

/** A whole response, as far as GraphQL decides on it. */
export interface HttpResult {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What errors may say to the HTTP layer in `extensions.http`; clients never see it. */
interface HttpExtensions {
  readonly status?: number;
  /** The status is what GraphQL over HTTP asks for with its own media type only. */
  readonly spec?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * How long the JSON of one result may be, as {@link JsonOutput.length} counts it. A page of what the API
 * answers has at most 16 MiB; a document can select one context a hundred times.
 */
export const maxResultLength = 64 * 1024 * 1024;

/** What is told in place of the data of a result that is longer than {@link maxResultLength}. */
export function resultTooLarge(): GraphQLError {
  const message = `The result is larger than ${maxResultLength / 1024 / 1024} MiB: select less at once.`;
  return new GraphQLError(message, { extensions: { code: 'RESULT_TOO_LARGE' } });
}

/** Masks what is a bug: clients learn no more than that there was one. */
export type MaskError = (error: unknown) => GraphQLError;

/**
 * @param onBug - Told each error that is hidden.
 * @returns The one mask: errors of GraphQL itself, raised on purpose, stay; anything else is a bug.
 */
export function createMask(onBug: (error: unknown) => void): MaskError {
  return (error) => {
    if (isRaised(error)) return error;
    onBug(error);
    const extensions = { code: 'INTERNAL_SERVER_ERROR', unexpected: true };
    if (!(error instanceof GraphQLError))
      return new GraphQLError('Unexpected error.', { extensions });
    const { nodes = null, source = null, positions = null, path = null } = error;
    return new GraphQLError('Unexpected error.', { nodes, source, positions, path, extensions });
  };
}

function isRaised(error: unknown): error is GraphQLError {
  if (!(error instanceof GraphQLError)) return false;
  const { originalError } = error;
  return originalError === undefined || isRaised(originalError);
}

/** Writes a result in the negotiated media type, with the status that goes with it. */
export function writeResult(result: ExecutionResult<unknown>, mediaType: MediaType): HttpResult {
  const headers: Record<string, string> = {};
  for (const error of result.errors ?? []) Object.assign(headers, httpOf(error)?.headers);
  headers['content-type'] = contentTypeOf(mediaType);
  return { status: statusOf(result, mediaType), headers, body: writeResultText(result) };
}

/**
 * A result as JSON, without what its errors say to the HTTP layer. Its data may be a
 * {@link JsonOutput}. One that is too large is written as the error of that.
 */
export function writeResultText(result: ExecutionResult<unknown>): string {
  try {
    return writeMembers(result);
  } catch (error) {
    if (!(error instanceof OutputTooLong)) throw error;
    return writeResultText(withoutData(result));
  }
}

function writeMembers({ data, errors, extensions }: ExecutionResult<unknown>): string {
  const output = new JsonOutput(maxResultLength);
  let before = '{';
  for (const [name, value] of Object.entries({
    data,
    errors: errors?.map(formatError),
    extensions,
  })) {
    if (value === undefined) continue;
    output.write(`${before}"${name}":`);
    if (value instanceof JsonOutput) output.append(value);
    else writeJsonTo(output, value);
    before = ',';
  }
  output.write(before === '{' ? '{}' : '}');
  return output.toString();
}

/** Its errors are kept, unless it is they that are too large. */
function withoutData({ data, errors = [] }: ExecutionResult<unknown>): ExecutionResult<unknown> {
  if (data === undefined || data === null) return { data, errors: [resultTooLarge()] };
  return { data: null, errors: [...errors, resultTooLarge()] };
}

/** A result that has no errors, as JSON: {@link writeResultText} writes the same. */
export function resultOf(data: JsonOutput): JsonOutput {
  const output = new JsonOutput();
  output.write(beforeData);
  output.append(data);
  output.write(afterData);
  return output;
}

const beforeData = '{"data":';
const afterData = '}';

/** How long the JSON of data may be, so that a result with nothing else is not too large. */
export const maxDataLength = maxResultLength - beforeData.length - afterData.length;

/** Errors as JSON, without what they say to the HTTP layer. */
export function writeErrorsText(errors: readonly GraphQLError[]): string {
  return writeJson(errors.map(formatError));
}

/** For `content-type`: all text is UTF-8. */
export function contentTypeOf(mediaType: MediaType): string {
  return `${mediaType}; charset=utf-8`;
}

/**
 * The status of a result (GraphQL over HTTP, "Status Codes"). A result with data is 200. Without
 * data: what is malformed as a request, or a bug, has its own status for every client. An operation
 * that was understood and refused (syntax, validation, variables, operation name) is 200 with
 * `application/json`, since its clients take any other status for one of the network's, and 400 with
 * GraphQL's own media type.
 */
function statusOf({ data, errors = [] }: ExecutionResult<unknown>, mediaType: MediaType): number {
  if (data !== undefined || errors.length === 0) return 200;
  let status = 0;
  let isBug = false;
  for (const error of errors) {
    const http = httpOf(error);
    if (http?.status !== undefined && !isOfOperation(error, http)) {
      status = Math.max(status, http.status);
    }
    if (error.extensions['unexpected'] === true) isBug = true;
  }
  if (status > 0) return status;
  if (isBug) return 500;
  return mediaType === 'application/graphql-response+json' ? 400 : 200;
}

/** What the executor calls errors of the operation's name; those of variables have no code. */
const operationCodes: ReadonlySet<unknown> = new Set([undefined, 'OPERATION_RESOLUTION_FAILURE']);

/** The executor behind Yoga gives such errors the status 400 whatever the media type. */
function isOfOperation({ extensions }: GraphQLError, { status, spec }: HttpExtensions): boolean {
  return spec === true || (status === 400 && operationCodes.has(extensions['code']));
}

function httpOf(error: GraphQLError): HttpExtensions | undefined {
  return error.extensions.http;
}

/** Of how many characters of a message a client is told. */
const maxMessageLength = 1_000;

/** Messages of GraphQL's own repeat literals and variables whole; what is wrong stands around them. */
function shownMessage(message: string): string {
  if (message.length <= maxMessageLength) return message;
  const half = maxMessageLength / 2;
  return `${message.slice(0, half)}…${message.slice(1 - half)}`.toWellFormed();
}

function formatError(error: GraphQLError): GraphQLFormattedError {
  const { message, locations, path, extensions } = error.toJSON();
  const shown = Object.entries(extensions ?? {}).filter(
    ([name]) => name !== 'http' && name !== 'unexpected',
  );
  return {
    message: shownMessage(message),
    ...(locations !== undefined && { locations }),
    ...(path !== undefined && { path }),
    ...(shown.length > 0 && { extensions: Object.fromEntries(shown) }),
  };
}
