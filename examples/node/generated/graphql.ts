/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** What went wrong, stable across versions: switch over it, never over a message. */
export type ExecutionContextErrorCode =
  /** The present state of the execution context does not allow this. */
  | 'CONFLICT'
  /** The caller may not do this. */
  | 'FORBIDDEN'
  /** The input is wrong; the issues say where. */
  | 'INVALID_INPUT'
  /** There is no such execution context. */
  | 'NOT_FOUND'
  /** Too many calls; retryAfterMs says when to come back. */
  | 'RATE_LIMITED'
  /** There is no session token, or a bad one. */
  | 'UNAUTHENTICATED'
  /** The API failed, or answered with something unusable. */
  | 'UPSTREAM_FAILED'
  /** The API did not answer in time. */
  | 'UPSTREAM_TIMEOUT'
  /** The API cannot be reached, or refuses work. */
  | 'UPSTREAM_UNAVAILABLE';

/** What to change in the state, and what to leave as it is. */
export type MergeExecutionContextInput = {
  /** Merges only where this is the stored `version`; else the result is a conflict. */
  ifVersion?: string | null | undefined;
  /** A JSON Merge Patch (RFC 7396): members that it has replace those stored, objects are merged member by member, null removes a member, and all others stay as they are, to the digit and in their place. A state that is no object becomes one. */
  patch: Record<string, unknown>;
  /** The new session. It can be replaced but not removed. */
  sessionId?: string | null | undefined;
};

/** What to change: a context, a sessionId or both. Left out or null keeps what is stored. */
export type UpdateExecutionContextInput = {
  /** The new state, whole: it replaces what is stored and is not merged into it. */
  context?: unknown;
  /** Writes only where this is the stored `version`; else the result is a conflict. */
  ifVersion?: string | null | undefined;
  /** The new session. It can be replaced but not removed. */
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