import { execute } from './gateway-client.ts';
import { graphql } from './generated/index.ts';
import type { UpdateContextMutation } from './generated/graphql.ts';

const updateContext = graphql(/* GraphQL */ `
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
`);

type UpdateResult = UpdateContextMutation['updateExecutionContext'];

/** What came of an update, in words. */
function describe(result: UpdateResult): string {
  switch (result.__typename) {
    case 'AiExecutionContext':
      return `${result.id} now holds ${JSON.stringify(result.context)} (session ${result.sessionId ?? 'none'}).`;
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
      return `Read the context again and decide anew: ${result.message}`;
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

const { updateExecutionContext } = await execute(updateContext, {
  id: process.argv[2] ?? 'ctx_123',
  input: {
    context: {
      current_step: 'processing',
      progress: 75,
      results: { analyzed_documents: 10, extracted_entities: 25 },
    },
    sessionId: 'session_456',
  },
});

console.log(describe(updateExecutionContext));
if (updateExecutionContext.__typename !== 'AiExecutionContext') process.exitCode = 1;
