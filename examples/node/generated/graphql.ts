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

/** What to change: a context, a sessionId or both. Left out or null keeps what is stored. */
export type UpdateExecutionContextInput = {
  /** The new state, whole: it replaces what is stored and is not merged into it. */
  context?: unknown;
  /** Writes only where this is the stored `version`; else the result is a conflict. */
  ifVersion?: string | null | undefined;
  /** The new session. It can be replaced but not removed. */
  sessionId?: string | null | undefined;
};

export type UpdateContextMutationVariables = Exact<{
  id: string;
  input: UpdateExecutionContextInput;
}>;


export type UpdateContextMutation = { updateExecutionContext:
    | { __typename: 'AiExecutionContext', id: string, sessionId: string | null, context: unknown }
    | { __typename: 'ExecutionContextAuthenticationError', code: ExecutionContextErrorCode, message: string, requestId: string }
    | { __typename: 'ExecutionContextConflictError', code: ExecutionContextErrorCode, message: string, requestId: string }
    | { __typename: 'ExecutionContextForbiddenError', code: ExecutionContextErrorCode, message: string, requestId: string }
    | { __typename: 'ExecutionContextInputError', code: ExecutionContextErrorCode, message: string, requestId: string, issues: Array<{ path: Array<string>, message: string }> }
    | { __typename: 'ExecutionContextNotFoundError', code: ExecutionContextErrorCode, message: string, requestId: string }
    | { __typename: 'ExecutionContextRateLimitError', code: ExecutionContextErrorCode, message: string, requestId: string, retryAfterMs: number }
    | { __typename: 'ExecutionContextUpstreamError', code: ExecutionContextErrorCode, message: string, requestId: string, retryable: boolean }
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

export const UpdateContextDocument = new TypedDocumentString(`
    mutation UpdateContext($id: ID!, $input: UpdateExecutionContextInput!) {
  updateExecutionContext(id: $id, input: $input) {
    __typename
    ... on AiExecutionContext {
      id
      sessionId
      context
    }
    ... on ExecutionContextError {
      code
      message
      requestId
    }
    ... on ExecutionContextInputError {
      issues {
        path
        message
      }
    }
    ... on ExecutionContextRateLimitError {
      retryAfterMs
    }
    ... on ExecutionContextUpstreamError {
      retryable
    }
  }
}
    `) as unknown as TypedDocumentString<UpdateContextMutation, UpdateContextMutationVariables>;