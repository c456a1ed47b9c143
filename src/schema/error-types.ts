import type { ObjectRef } from '@pothos/core';

import {
  AuthenticationError,
  ConflictError,
  ForbiddenError,
  InputError,
  NotFoundError,
  RateLimitError,
  UpstreamError,
  errorCodes,
  type ErrorCode,
  type InputIssue,
  type TypedError,
} from '../errors.ts';
import type { Builder, SchemaTypes } from './builder.ts';

/**
 * The data that the value of every error type has. The value itself need not be an `Error`, because
 * graphql-js treats an `Error` that a resolver returns as if it were thrown.
 */
export type ErrorData = Pick<TypedError, 'code' | 'message'>;

export interface ErrorTypesOptions {
  /**
   * The prefix of the types' names, such as `ExecutionContext`. Two subgraphs that both define a
   * `NotFoundError` do not compose.
   */
  readonly prefix: string;
  /** The resource in descriptions, such as `execution context`. */
  readonly noun: string;
  /**
   * The field with the id that was not found. Not `id`, which clients use as the key of cached objects:
   * they would cache the error as the object.
   */
  readonly idField: string;
}

/** The error types of one resource. */
export interface ErrorTypes {
  /** The error members of every result union of the resource. */
  readonly refs: readonly ObjectRef<SchemaTypes, ErrorData>[];
  /**
   * Returns the name of the type of an error.
   *
   * @throws {TypeError} For a class that is not one of the seven.
   */
  readonly memberOf: (error: TypedError) => string;
}

/** Adds the seven error types of a resource, and the interface that they implement. */
export function addErrorTypes(
  builder: Builder,
  { prefix, noun, idField }: ErrorTypesOptions,
): ErrorTypes {
  const codeDescriptions: Readonly<Record<ErrorCode, string>> = {
    INVALID_INPUT: 'The input is invalid; `issues` lists what the gateway found.',
    UNAUTHENTICATED: 'The session token is missing, invalid or expired.',
    FORBIDDEN: 'The caller is not allowed to do this.',
    NOT_FOUND: `The ${noun} does not exist.`,
    CONFLICT: `The call conflicts with the current state of the ${noun}, or with other writes to it.`,
    RATE_LIMITED: 'Too many calls; `retryAfterMs` tells how long to wait.',
    UPSTREAM_UNAVAILABLE: 'The API, or another service that the gateway needs, is unavailable.',
    UPSTREAM_TIMEOUT: 'The API did not answer in time.',
    UPSTREAM_FAILED: 'The API failed, or its response is invalid.',
  };

  const CodeEnum = builder.enumType(`${prefix}ErrorCode`, {
    description:
      'The kind of an error. Codes are stable across versions: base program logic on the code, not on the message.',
    values: Object.fromEntries(
      errorCodes.map((code) => [code, { description: codeDescriptions[code] }]),
    ) as Record<ErrorCode, { readonly description: string }>,
  });

  const Interface = builder.interfaceRef<ErrorData>(`${prefix}Error`).implement({
    description: 'The fields that all errors have.',
    fields: (t) => ({
      message: t.exposeString('message', {
        description:
          "One line that describes the error to people. Where the API refused the call, it is the API's own message.",
      }),
      code: t.field({
        type: CodeEnum,
        description: 'The kind of the error, for programs.',
        resolve: (error) => error.code,
      }),
      requestId: t.id({
        description: 'Identifies the request in the logs of the gateway and the API.',
        resolve: (_error, _args, { requestId }) => requestId,
      }),
    }),
  });

  const InputIssueType = builder.objectRef<InputIssue>(`${prefix}InputIssue`).implement({
    description: 'One problem with the input.',
    fields: (t) => ({
      path: t.stringList({
        description:
          'The path from the argument to the invalid value, such as ["input", "sessionId"].',
        resolve: ({ path }) => [...path],
      }),
      message: t.exposeString('message', { description: 'What is wrong with the value.' }),
    }),
  });

  const RateLimitSource = builder.enumType(`${prefix}RateLimitSource`, {
    description: 'Whose limit was exceeded.',
    values: {
      GATEWAY: {
        description:
          'A limit of the gateway, such as those that `@rateLimit` declares in this schema.',
      },
      UPSTREAM: { description: 'A limit of the API behind the gateway.' },
    } as const,
  });

  const interfaces = [Interface];
  const kinds: [new (...args: never[]) => TypedError, ObjectRef<SchemaTypes, ErrorData>][] = [
    [
      InputError,
      builder.objectRef<InputError>(`${prefix}InputError`).implement({
        description: 'The gateway or the API rejected the input. Nothing was changed.',
        interfaces,
        fields: (t) => ({
          issues: t.field({
            type: [InputIssueType],
            description:
              'The problems that the gateway found; empty where the API rejected the input.',
            resolve: ({ issues }) => [...issues],
          }),
        }),
      }),
    ],
    [
      AuthenticationError,
      builder.objectRef<AuthenticationError>(`${prefix}AuthenticationError`).implement({
        description: 'The session token is missing, invalid or expired. Sign in again.',
        interfaces,
      }),
    ],
    [
      ForbiddenError,
      builder.objectRef<ForbiddenError>(`${prefix}ForbiddenError`).implement({
        description: `The caller may not access this ${noun}.`,
        interfaces,
      }),
    ],
    [
      NotFoundError,
      builder.objectRef<NotFoundError>(`${prefix}NotFoundError`).implement({
        description: `The ${noun} does not exist.`,
        interfaces,
        fields: (t) => ({
          [idField]: t.id({
            nullable: true,
            description: 'The requested id.',
            resolve: ({ resourceId }) => resourceId,
          }),
        }),
      }),
    ],
    [
      ConflictError,
      builder.objectRef<ConflictError>(`${prefix}ConflictError`).implement({
        description: `The call conflicts with the current state of the ${noun}, or with other writes to it.`,
        interfaces,
        fields: (t) => ({
          currentVersion: t.exposeString('currentVersion', {
            nullable: true,
            description: 'The stored version, where the gateway compared it with the expected one.',
          }),
        }),
      }),
    ],
    [
      RateLimitError,
      builder.objectRef<RateLimitError>(`${prefix}RateLimitError`).implement({
        description: 'Too many calls. A refused call does not count against any limit.',
        interfaces,
        fields: (t) => ({
          source: t.expose('source', {
            type: RateLimitSource,
            description: 'Whose limit was exceeded.',
          }),
          retryAfterMs: t.exposeInt('retryAfterMs', {
            description: 'How long to wait before the next call, in milliseconds.',
          }),
          limit: t.exposeInt('limit', {
            nullable: true,
            description: 'How many calls the limit allows within its window, where known.',
          }),
          windowMs: t.exposeInt('windowMs', {
            nullable: true,
            description: 'The length of that window in milliseconds, where known.',
          }),
        }),
      }),
    ],
    [
      UpstreamError,
      builder.objectRef<UpstreamError>(`${prefix}UpstreamError`).implement({
        description:
          'The API was unavailable, did not answer in time, or failed. If a write may have been applied nevertheless, the message says so.',
        interfaces,
        fields: (t) => ({
          status: t.exposeInt('status', {
            nullable: true,
            description: "The HTTP status of the API's response, where there was one.",
          }),
          retryable: t.exposeBoolean('retryable', {
            description: 'Whether repeating the same call is safe and may succeed.',
          }),
        }),
      }),
    ],
  ];

  return {
    refs: kinds.map(([, ref]) => ref),
    memberOf(error) {
      const kind = kinds.find(([type]) => error instanceof type);
      if (kind === undefined)
        throw new TypeError(`${error.name} is not one of the seven error classes.`);
      return kind[1].name;
    },
  };
}
