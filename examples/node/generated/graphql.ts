/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** The kind of an error. Codes are stable across versions: base program logic on the code, not on the message. */
export type ExecutionContextErrorCode =
  /** The call conflicts with the current state of the execution context, or with other writes to it. */
  | 'CONFLICT'
  /** The caller is not allowed to do this. */
  | 'FORBIDDEN'
  /** The input is invalid; `issues` lists what the gateway found. */
  | 'INVALID_INPUT'
  /** The execution context does not exist. */
  | 'NOT_FOUND'
  /** Too many calls; `retryAfterMs` tells how long to wait. */
  | 'RATE_LIMITED'
  /** The session token is missing, invalid or expired. */
  | 'UNAUTHENTICATED'
  /** The API failed, or its response is invalid. */
  | 'UPSTREAM_FAILED'
  /** The API did not answer in time. */
  | 'UPSTREAM_TIMEOUT'
  /** The API, or another service that the gateway needs, is unavailable. */
  | 'UPSTREAM_UNAVAILABLE';

/** The changes to make. */
export type MergeExecutionContextInput = {
  /** Merges only if this is the stored `version`; otherwise the result is a conflict. */
  ifVersion?: string | null | undefined;
  /** A JSON Merge Patch (RFC 7396): each member replaces the stored member of the same name, objects are merged recursively, and null removes the member. All other members keep their exact value and position. If the stored state is not an object, the patch is merged into an empty object. An empty patch leaves the state as it is. */
  patch: Record<string, unknown>;
  /** The new session. A session can be replaced but not removed. */
  sessionId?: string | null | undefined;
};

/** The changes to make: `context`, `sessionId` or both. A field that is absent or null keeps the stored value. */
export type UpdateExecutionContextInput = {
  /** The new state. It replaces the whole stored state; to change parts of it, use `mergeExecutionContext`. */
  context?: unknown;
  /** Writes only if this is the stored `version`; otherwise the result is a conflict. */
  ifVersion?: string | null | undefined;
  /** The new session. A session can be replaced but not removed. */
  sessionId?: string | null | undefined;
};

type Failure_ExecutionContextAuthenticationError_Fragment = { __typename: 'ExecutionContextAuthenticationError', code: ExecutionContextErrorCode, message: string, requestId: string };

type Failure_ExecutionContextConflictError_Fragment = { __typename: 'ExecutionContextConflictError', currentVersion: string | null, code: ExecutionContextErrorCode, message: string, requestId: string };

type Failure_ExecutionContextForbiddenError_Fragment = { __typename: 'ExecutionContextForbiddenError', code: ExecutionContextErrorCode, message: string, requestId: string };

type Failure_ExecutionContextInputError_Fragment = { __typename: 'ExecutionContextInputError', code: ExecutionContextErrorCode, message: string, requestId: string, issues: Array<{ path: Array<string>, message: string }> };

type Failure_ExecutionContextNotFoundError_Fragment = { __typename: 'ExecutionContextNotFoundError', code: ExecutionContextErrorCode, message: string, requestId: string };

type Failure_ExecutionContextRateLimitError_Fragment = { __typename: 'ExecutionContextRateLimitError', retryAfterMs: number, code: ExecutionContextErrorCode, message: string, requestId: string };

type Failure_ExecutionContextUpstreamError_Fragment = { __typename: 'ExecutionContextUpstreamError', retryable: boolean, code: ExecutionContextErrorCode, message: string, requestId: string };

export type FailureFragment =
  | Failure_ExecutionContextAuthenticationError_Fragment
  | Failure_ExecutionContextConflictError_Fragment
  | Failure_ExecutionContextForbiddenError_Fragment
  | Failure_ExecutionContextInputError_Fragment
  | Failure_ExecutionContextNotFoundError_Fragment
  | Failure_ExecutionContextRateLimitError_Fragment
  | Failure_ExecutionContextUpstreamError_Fragment
;

export type MergeProgressMutationVariables = Exact<{
  id: string;
  input: MergeExecutionContextInput;
}>;


export type MergeProgressMutation = { mergeExecutionContext:
    | { __typename: 'AiExecutionContext', id: string, context: unknown, version: string }
    | { __typename: 'ExecutionContextAuthenticationError', code: ExecutionContextErrorCode, message: string, requestId: string }
    | { __typename: 'ExecutionContextConflictError', currentVersion: string | null, code: ExecutionContextErrorCode, message: string, requestId: string }
    | { __typename: 'ExecutionContextForbiddenError', code: ExecutionContextErrorCode, message: string, requestId: string }
    | { __typename: 'ExecutionContextInputError', code: ExecutionContextErrorCode, message: string, requestId: string, issues: Array<{ path: Array<string>, message: string }> }
    | { __typename: 'ExecutionContextNotFoundError', code: ExecutionContextErrorCode, message: string, requestId: string }
    | { __typename: 'ExecutionContextRateLimitError', retryAfterMs: number, code: ExecutionContextErrorCode, message: string, requestId: string }
    | { __typename: 'ExecutionContextUpstreamError', retryable: boolean, code: ExecutionContextErrorCode, message: string, requestId: string }
   };

export type UpdateContextMutationVariables = Exact<{
  id: string;
  input: UpdateExecutionContextInput;
}>;


export type UpdateContextMutation = { updateExecutionContext:
    | { __typename: 'AiExecutionContext', id: string, sessionId: string | null, context: unknown }
    | { __typename: 'ExecutionContextAuthenticationError', code: ExecutionContextErrorCode, message: string, requestId: string }
    | { __typename: 'ExecutionContextConflictError', currentVersion: string | null, code: ExecutionContextErrorCode, message: string, requestId: string }
    | { __typename: 'ExecutionContextForbiddenError', code: ExecutionContextErrorCode, message: string, requestId: string }
    | { __typename: 'ExecutionContextInputError', code: ExecutionContextErrorCode, message: string, requestId: string, issues: Array<{ path: Array<string>, message: string }> }
    | { __typename: 'ExecutionContextNotFoundError', code: ExecutionContextErrorCode, message: string, requestId: string }
    | { __typename: 'ExecutionContextRateLimitError', retryAfterMs: number, code: ExecutionContextErrorCode, message: string, requestId: string }
    | { __typename: 'ExecutionContextUpstreamError', retryable: boolean, code: ExecutionContextErrorCode, message: string, requestId: string }
   };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const FailureFragmentDoc = new TypedDocumentString(`
    fragment Failure on ExecutionContextError {
  __typename
  code
  message
  requestId
  ... on ExecutionContextInputError {
    issues {
      path
      message
    }
  }
  ... on ExecutionContextConflictError {
    currentVersion
  }
  ... on ExecutionContextRateLimitError {
    retryAfterMs
  }
  ... on ExecutionContextUpstreamError {
    retryable
  }
}
    `, {"fragmentName":"Failure"}) as unknown as TypedDocumentString<FailureFragment, unknown>;
export const MergeProgressDocument = new TypedDocumentString(`
    mutation MergeProgress($id: ID!, $input: MergeExecutionContextInput!) {
  mergeExecutionContext(id: $id, input: $input) {
    __typename
    ... on AiExecutionContext {
      id
      context
      version
    }
    ...Failure
  }
}
    fragment Failure on ExecutionContextError {
  __typename
  code
  message
  requestId
  ... on ExecutionContextInputError {
    issues {
      path
      message
    }
  }
  ... on ExecutionContextConflictError {
    currentVersion
  }
  ... on ExecutionContextRateLimitError {
    retryAfterMs
  }
  ... on ExecutionContextUpstreamError {
    retryable
  }
}`) as unknown as TypedDocumentString<MergeProgressMutation, MergeProgressMutationVariables>;
export const UpdateContextDocument = new TypedDocumentString(`
    mutation UpdateContext($id: ID!, $input: UpdateExecutionContextInput!) {
  updateExecutionContext(id: $id, input: $input) {
    __typename
    ... on AiExecutionContext {
      id
      sessionId
      context
    }
    ...Failure
  }
}
    fragment Failure on ExecutionContextError {
  __typename
  code
  message
  requestId
  ... on ExecutionContextInputError {
    issues {
      path
      message
    }
  }
  ... on ExecutionContextConflictError {
    currentVersion
  }
  ... on ExecutionContextRateLimitError {
    retryAfterMs
  }
  ... on ExecutionContextUpstreamError {
    retryable
  }
}`) as unknown as TypedDocumentString<UpdateContextMutation, UpdateContextMutationVariables>;