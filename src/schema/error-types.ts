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
 * What the value of every error type has. The value need not be an `Error`: graphql-js takes every
 * `Error` that a resolver returns for one that it throws.
 */
export type ErrorData = Pick<TypedError, 'code' | 'message'>;

export interface ErrorTypesOptions {
  /**
   * What the names of the types begin with, such as `ExecutionContext`: two subgraphs that both
   * define a `NotFoundError` do not compose.
   */
  readonly prefix: string;
  /** For descriptions, such as `execution context`. */
  readonly noun: string;
  /**
   * The field that holds the id which was not found. Never `id`, by which clients keep records: they
   * would take the error for the record.
   */
  readonly idField: string;
}

/** The error types of one resource. */
export interface ErrorTypes {
  /** The members that every result union of the resource has besides its success type. */
  readonly refs: readonly ObjectRef<SchemaTypes, ErrorData>[];
  /** @returns The name of the type that an error is shown as. */
  readonly memberOf: (error: TypedError) => string;
}

/** Adds the seven errors of a resource, by kind, and the interface that they implement. */
export function addErrorTypes(
  builder: Builder,
  { prefix, noun, idField }: ErrorTypesOptions,
): ErrorTypes {
  const codeDescriptions: Readonly<Record<ErrorCode, string>> = {
    INVALID_INPUT: 'The input is wrong; the issues say where.',
    UNAUTHENTICATED: 'There is no session token, or a bad one.',
    FORBIDDEN: 'The caller may not do this.',
    NOT_FOUND: `There is no such ${noun}.`,
    CONFLICT: `The present state of the ${noun} does not allow this.`,
    RATE_LIMITED: 'Too many calls; retryAfterMs says when to come back.',
    UPSTREAM_UNAVAILABLE: 'The API cannot be reached, or refuses work.',
    UPSTREAM_TIMEOUT: 'The API did not answer in time.',
    UPSTREAM_FAILED: 'The API failed, or answered with something unusable.',
  };

  const CodeEnum = builder.enumType(`${prefix}ErrorCode`, {
    description: 'What went wrong, stable across versions: switch over it, never over a message.',
    values: Object.fromEntries(
      errorCodes.map((code) => [code, { description: codeDescriptions[code] }]),
    ) as Record<ErrorCode, { readonly description: string }>,
  });

  const Interface = builder.interfaceRef<ErrorData>(`${prefix}Error`).implement({
    description: 'What every error of a result has in common.',
    fields: (t) => ({
      message: t.exposeString('message', {
        description:
          'One line for a person to read; where the API refused the call, its own words.',
      }),
      code: t.field({
        type: CodeEnum,
        description: 'What went wrong, for a program to act on.',
        resolve: (error) => error.code,
      }),
      requestId: t.id({
        description: 'Identifies the request in the logs of the gateway and of the API.',
        resolve: (_error, _args, { requestId }) => requestId,
      }),
    }),
  });

  const InputIssueType = builder.objectRef<InputIssue>(`${prefix}InputIssue`).implement({
    description: 'One thing that is wrong with the input.',
    fields: (t) => ({
      path: t.stringList({
        description: 'From the argument down to the value, such as ["input", "sessionId"].',
        resolve: ({ path }) => [...path],
      }),
      message: t.exposeString('message', { description: 'What is wrong with that value.' }),
    }),
  });

  const RateLimitSource = builder.enumType(`${prefix}RateLimitSource`, {
    description: 'Whose limit refused a call.',
    values: {
      GATEWAY: { description: 'The limit that stands in this schema as `@rateLimit`.' },
      UPSTREAM: { description: 'A limit of the API behind the gateway.' },
    } as const,
  });

  const interfaces = [Interface];
  const kinds: [new (...args: never[]) => TypedError, ObjectRef<SchemaTypes, ErrorData>][] = [
    [
      InputError,
      builder.objectRef<InputError>(`${prefix}InputError`).implement({
        description: 'The input was refused, by the gateway or by the API. Nothing was changed.',
        interfaces,
        fields: (t) => ({
          issues: t.field({
            type: [InputIssueType],
            description: 'What is wrong, where the gateway can tell; empty where the API refused.',
            resolve: ({ issues }) => [...issues],
          }),
        }),
      }),
    ],
    [
      AuthenticationError,
      builder.objectRef<AuthenticationError>(`${prefix}AuthenticationError`).implement({
        description: 'There is no session token, or a bad one. Sign in again.',
        interfaces,
      }),
    ],
    [
      ForbiddenError,
      builder.objectRef<ForbiddenError>(`${prefix}ForbiddenError`).implement({
        description: `The caller may not touch this ${noun}.`,
        interfaces,
      }),
    ],
    [
      NotFoundError,
      builder.objectRef<NotFoundError>(`${prefix}NotFoundError`).implement({
        description: `There is no such ${noun}.`,
        interfaces,
        fields: (t) => ({
          [idField]: t.id({
            nullable: true,
            description: 'The id that was asked for.',
            resolve: ({ resourceId }) => resourceId,
          }),
        }),
      }),
    ],
    [
      ConflictError,
      builder.objectRef<ConflictError>(`${prefix}ConflictError`).implement({
        description: `The ${noun} is in a state that does not allow this, or has changed.`,
        interfaces,
        fields: (t) => ({
          currentVersion: t.exposeString('currentVersion', {
            nullable: true,
            description: 'The version that is stored now, where the gateway compared versions.',
          }),
        }),
      }),
    ],
    [
      RateLimitError,
      builder.objectRef<RateLimitError>(`${prefix}RateLimitError`).implement({
        description: 'Too many calls. A refused call costs nothing.',
        interfaces,
        fields: (t) => ({
          source: t.expose('source', { type: RateLimitSource, description: 'Whose limit it is.' }),
          retryAfterMs: t.exposeInt('retryAfterMs', {
            description: 'Milliseconds to wait; after that the same call is admitted.',
          }),
          limit: t.exposeInt('limit', {
            nullable: true,
            description: 'How many calls the refusing window admits, where known.',
          }),
          windowMs: t.exposeInt('windowMs', {
            nullable: true,
            description: 'Length of the refusing window in milliseconds, where known.',
          }),
        }),
      }),
    ],
    [
      UpstreamError,
      builder.objectRef<UpstreamError>(`${prefix}UpstreamError`).implement({
        description:
          'The API could not be asked, did not answer in time, or failed. Where a write may have been applied all the same, the message says so.',
        interfaces,
        fields: (t) => ({
          status: t.exposeInt('status', {
            nullable: true,
            description: "The API's HTTP status, where it answered.",
          }),
          retryable: t.exposeBoolean('retryable', {
            description: 'Repeating this very call is safe and may help.',
          }),
        }),
      }),
    ],
  ];

  return {
    refs: kinds.map(([, ref]) => ref),
    memberOf(error) {
      const kind = kinds.find(([type]) => error instanceof type);
      if (kind === undefined) throw new TypeError(`${error.name} is none of the seven kinds.`);
      return kind[1].name;
    },
  };
}
