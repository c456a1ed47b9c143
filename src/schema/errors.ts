import {
  AuthenticationError,
  ConflictError,
  ForbiddenError,
  InputError,
  NotFoundError,
  RateLimitError,
  UpstreamError,
  executionContextErrorCodes,
  type ExecutionContextError,
  type InputIssue,
} from '../errors.ts';
import { builder } from './builder.ts';

const codeDescriptions = {
  INVALID_INPUT: 'The input is wrong; the issues say where.',
  UNAUTHENTICATED: 'There is no session token, or a bad one.',
  FORBIDDEN: 'The caller may not do this.',
  NOT_FOUND: 'There is no such execution context.',
  CONFLICT: 'The present state of the execution context does not allow this.',
  RATE_LIMITED: 'Too many calls; retryAfterMs says when to come back.',
  UPSTREAM_UNAVAILABLE: 'The API cannot be reached, or refuses work.',
  UPSTREAM_TIMEOUT: 'The API did not answer in time.',
  UPSTREAM_FAILED: 'The API failed, or answered with something unusable.',
} as const satisfies Record<(typeof executionContextErrorCodes)[number], string>;

const ErrorCode = builder.enumType('ExecutionContextErrorCode', {
  description: 'What went wrong, stable across versions: switch over it, never over a message.',
  values: Object.fromEntries(
    executionContextErrorCodes.map((code) => [code, { description: codeDescriptions[code] }]),
  ),
});

const ErrorInterface = builder.interfaceRef<ExecutionContextError>('ExecutionContextError');

ErrorInterface.implement({
  description: 'What every error of a result has in common.',
  fields: (t) => ({
    message: t.exposeString('message', {
      description: 'One line for a person to read; where the API refused the call, its own words.',
    }),
    code: t.field({
      type: ErrorCode,
      description: 'What went wrong, for a program to act on.',
      resolve: (error) => error.code,
    }),
    requestId: t.id({
      description: 'Identifies the request in the logs of the gateway and of the API.',
      resolve: (_error, _args, { requestId }) => requestId,
    }),
  }),
});

const InputIssueType = builder.objectRef<InputIssue>('ExecutionContextInputIssue').implement({
  description: 'One thing that is wrong with the input.',
  fields: (t) => ({
    path: t.exposeStringList('path', {
      description: 'From the argument down to the value, such as ["input", "sessionId"].',
    }),
    message: t.exposeString('message', { description: 'What is wrong with that value.' }),
  }),
});

builder.objectType(InputError, {
  name: 'ExecutionContextInputError',
  description: 'The input was refused, by the gateway or by the API. Nothing was changed.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    issues: t.field({
      type: [InputIssueType],
      description: 'What is wrong, where the gateway can tell; empty where the API refused.',
      resolve: ({ issues }) => [...issues],
    }),
  }),
});

builder.objectType(AuthenticationError, {
  name: 'ExecutionContextAuthenticationError',
  description: 'There is no session token, or a bad one. Sign in again.',
  interfaces: [ErrorInterface],
});

builder.objectType(ForbiddenError, {
  name: 'ExecutionContextForbiddenError',
  description: 'The caller may not touch this execution context.',
  interfaces: [ErrorInterface],
});

builder.objectType(NotFoundError, {
  name: 'ExecutionContextNotFoundError',
  description: 'There is no such execution context.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    id: t.exposeID('id', { nullable: true, description: 'The id that was asked for.' }),
  }),
});

builder.objectType(ConflictError, {
  name: 'ExecutionContextConflictError',
  description: 'The execution context is in a state that does not allow this.',
  interfaces: [ErrorInterface],
});

const RateLimitSource = builder.enumType('ExecutionContextRateLimitSource', {
  description: 'Whose limit refused a call.',
  values: {
    GATEWAY: { description: 'The limit that stands in this schema as `@rateLimit`.' },
    UPSTREAM: { description: 'A limit of the API behind the gateway.' },
  } as const,
});

builder.objectType(RateLimitError, {
  name: 'ExecutionContextRateLimitError',
  description: 'Too many calls. A refused call costs nothing.',
  interfaces: [ErrorInterface],
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
});

builder.objectType(UpstreamError, {
  name: 'ExecutionContextUpstreamError',
  description:
    'The API could not be asked, did not answer in time, or failed. Where a write may have been applied all the same, the message says so.',
  interfaces: [ErrorInterface],
  fields: (t) => ({
    status: t.exposeInt('status', {
      nullable: true,
      description: "The API's HTTP status, where it answered.",
    }),
    retryable: t.exposeBoolean('retryable', {
      description: 'Repeating this very call is safe and may help.',
    }),
  }),
});

/** The members that every result union has besides its success type. */
export const errorTypes = [
  InputError,
  AuthenticationError,
  ForbiddenError,
  NotFoundError,
  ConflictError,
  RateLimitError,
  UpstreamError,
];
