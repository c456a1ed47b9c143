import { graphql } from './generated/index.ts';
import type { FailureFragment } from './generated/graphql.ts';

/** What every operation asks of its errors: their interface, and what some of them have besides. */
graphql(/* GraphQL */ `
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
`);

/** Why a write was not done, in words. */
export function describeFailure(result: FailureFragment): string {
  switch (result.__typename) {
    case 'ExecutionContextInputError':
      return [
        result.message,
        ...result.issues.map(({ path, message }) => `  ${path.join('.')} ${message}`),
      ].join('\n');
    case 'ExecutionContextAuthenticationError':
      return `Sign in again: ${result.message}`;
    case 'ExecutionContextForbiddenError':
    case 'ExecutionContextNotFoundError':
      return `There is nothing here to update: ${result.message}`;
    case 'ExecutionContextConflictError':
      return result.currentVersion === null
        ? `Try again: ${result.message}`
        : `Read the context again and decide anew (it is at ${result.currentVersion}): ${result.message}`;
    case 'ExecutionContextRateLimitError':
      return `Try again in ${result.retryAfterMs} ms: ${result.message}`;
    case 'ExecutionContextUpstreamError':
      return `${result.retryable ? 'Try again later' : 'Report this'} (request ${result.requestId}): ${result.message}`;
    default:
      return describeNewcomer(result);
  }
}

/**
 * A gateway newer than this script may answer with a member that the script was not compiled for.
 * As an error it still has the fields of the interface. That the parameter is `never` keeps the
 * switch exhaustive: with a case missing, this file does not compile.
 */
function describeNewcomer(result: never): string {
  const { __typename, code, message } = result as NewError;
  return `${__typename}${code === undefined ? '' : ` (${code})`}: ${message ?? 'no more is known'}`;
}

interface NewError {
  readonly __typename: string;
  readonly code?: string;
  readonly message?: string;
}
