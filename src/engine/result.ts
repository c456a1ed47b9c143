import { GraphQLError, type ExecutionResult, type GraphQLFormattedError } from 'graphql';

import { JsonOutput, OutputTooLong, writeJson, writeJsonTo } from '../json/index.ts';
import type { MediaType } from './negotiation.ts';

/** The parts of a response that its GraphQL result determines. */
export interface HttpResult {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** `extensions.http` of an error: instructions to the HTTP layer, which clients never see. */
interface HttpExtensions {
  readonly status?: number;
  /** Whether the status applies only with the media type of GraphQL over HTTP. */
  readonly spec?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The maximum length of one result's JSON, as {@link JsonOutput.length} counts it. A page from the API
 * has at most 16 MiB, but a document can select one context a hundred times.
 */
export const maxResultLength = 64 * 1024 * 1024;

/** Returns the error that replaces the data of a result longer than {@link maxResultLength}. */
export function resultTooLarge(): GraphQLError {
  const message = `The result is larger than ${maxResultLength / 1024 / 1024} MiB: select less at once.`;
  return new GraphQLError(message, { extensions: { code: 'RESULT_TOO_LARGE' } });
}

/** Replaces an error that is a bug by one that tells clients only that an unexpected error occurred. */
export type MaskError = (error: unknown) => GraphQLError;

/**
 * Creates the mask of all doors. A `GraphQLError` that was raised on purpose is kept; any other error
 * is a bug.
 *
 * @param onBug - Called with each error that is replaced.
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
 * Writes a result as JSON, without the `extensions.http` of its errors. Its data may be a
 * {@link JsonOutput}. The data of a result that is too large is replaced by an error.
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

/** Keeps the errors, unless the result has no data: then the errors are what is too large. */
function withoutData({ data, errors = [] }: ExecutionResult<unknown>): ExecutionResult<unknown> {
  if (data === undefined || data === null) return { data, errors: [resultTooLarge()] };
  return { data: null, errors: [...errors, resultTooLarge()] };
}

/** Writes a result without errors as JSON, the same as {@link writeResultText} writes. */
export function resultOf(data: JsonOutput): JsonOutput {
  const output = new JsonOutput();
  output.write(beforeData);
  output.append(data);
  output.write(afterData);
  return output;
}

const beforeData = '{"data":';
const afterData = '}';

/** The maximum length of the JSON of data, with which a result without errors is not too large. */
export const maxDataLength = maxResultLength - beforeData.length - afterData.length;

/** Writes errors as JSON, without their `extensions.http`. */
export function writeErrorsText(errors: readonly GraphQLError[]): string {
  return writeJson(errors.map(formatError));
}

/** Returns the `content-type` of a media type: all text is UTF-8. */
export function contentTypeOf(mediaType: MediaType): string {
  return `${mediaType}; charset=utf-8`;
}

/**
 * The status of a result (GraphQL over HTTP, "Status Codes"). A result with data has status 200.
 * Without data, a malformed request and a bug have the same status for every client. An operation that
 * was refused (syntax, validation, variables, operation name) has status 200 with `application/json`,
 * because its clients take any other status for a failure of the network, and 400 with the media type
 * of GraphQL.
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

/** The code of the executor's errors about the operation's name; those about variables have none. */
const operationCodes: ReadonlySet<unknown> = new Set([undefined, 'OPERATION_RESOLUTION_FAILURE']);

/** The executor behind Yoga gives such errors the status 400 whatever the media type. */
function isOfOperation({ extensions }: GraphQLError, { status, spec }: HttpExtensions): boolean {
  return spec === true || (status === 400 && operationCodes.has(extensions['code']));
}

function httpOf(error: GraphQLError): HttpExtensions | undefined {
  return error.extensions.http;
}

/** The maximum length of a message that is shown to a client, in UTF-16 code units. */
const maxMessageLength = 1_000;

/**
 * Shortens a long message in the middle. The messages of graphql-js repeat whole literals and variables,
 * and say what is wrong before and after them.
 */
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
