
      export type PossibleTypesResultData = {
  "possibleTypes": {
    "CreateExecutionContextResult": [
      "AiExecutionContext",
      "ExecutionContextAuthenticationError",
      "ExecutionContextConflictError",
      "ExecutionContextForbiddenError",
      "ExecutionContextInputError",
      "ExecutionContextNotFoundError",
      "ExecutionContextRateLimitError",
      "ExecutionContextUpstreamError"
    ],
    "DeleteExecutionContextResult": [
      "DeletedExecutionContext",
      "ExecutionContextAuthenticationError",
      "ExecutionContextConflictError",
      "ExecutionContextForbiddenError",
      "ExecutionContextInputError",
      "ExecutionContextNotFoundError",
      "ExecutionContextRateLimitError",
      "ExecutionContextUpstreamError"
    ],
    "ExecutionContextError": [
      "ExecutionContextAuthenticationError",
      "ExecutionContextConflictError",
      "ExecutionContextForbiddenError",
      "ExecutionContextInputError",
      "ExecutionContextNotFoundError",
      "ExecutionContextRateLimitError",
      "ExecutionContextUpstreamError"
    ],
    "ExecutionContextResult": [
      "AiExecutionContext",
      "ExecutionContextAuthenticationError",
      "ExecutionContextConflictError",
      "ExecutionContextForbiddenError",
      "ExecutionContextInputError",
      "ExecutionContextNotFoundError",
      "ExecutionContextRateLimitError",
      "ExecutionContextUpstreamError"
    ],
    "ExecutionContextUpdatedResult": [
      "AiExecutionContext",
      "DeletedExecutionContext",
      "ExecutionContextAuthenticationError",
      "ExecutionContextConflictError",
      "ExecutionContextForbiddenError",
      "ExecutionContextInputError",
      "ExecutionContextNotFoundError",
      "ExecutionContextRateLimitError",
      "ExecutionContextUpstreamError"
    ],
    "ExecutionContextsResult": [
      "ExecutionContextAuthenticationError",
      "ExecutionContextConflictError",
      "ExecutionContextForbiddenError",
      "ExecutionContextInputError",
      "ExecutionContextNotFoundError",
      "ExecutionContextPage",
      "ExecutionContextRateLimitError",
      "ExecutionContextUpstreamError"
    ],
    "MergeExecutionContextResult": [
      "AiExecutionContext",
      "ExecutionContextAuthenticationError",
      "ExecutionContextConflictError",
      "ExecutionContextForbiddenError",
      "ExecutionContextInputError",
      "ExecutionContextNotFoundError",
      "ExecutionContextRateLimitError",
      "ExecutionContextUpstreamError"
    ],
    "UpdateExecutionContextResult": [
      "AiExecutionContext",
      "ExecutionContextAuthenticationError",
      "ExecutionContextConflictError",
      "ExecutionContextForbiddenError",
      "ExecutionContextInputError",
      "ExecutionContextNotFoundError",
      "ExecutionContextRateLimitError",
      "ExecutionContextUpstreamError"
    ]
  }
};
      const result: PossibleTypesResultData = {
  "possibleTypes": {
    "CreateExecutionContextResult": [
      "AiExecutionContext",
      "ExecutionContextAuthenticationError",
      "ExecutionContextConflictError",
      "ExecutionContextForbiddenError",
      "ExecutionContextInputError",
      "ExecutionContextNotFoundError",
      "ExecutionContextRateLimitError",
      "ExecutionContextUpstreamError"
    ],
    "DeleteExecutionContextResult": [
      "DeletedExecutionContext",
      "ExecutionContextAuthenticationError",
      "ExecutionContextConflictError",
      "ExecutionContextForbiddenError",
      "ExecutionContextInputError",
      "ExecutionContextNotFoundError",
      "ExecutionContextRateLimitError",
      "ExecutionContextUpstreamError"
    ],
    "ExecutionContextError": [
      "ExecutionContextAuthenticationError",
      "ExecutionContextConflictError",
      "ExecutionContextForbiddenError",
      "ExecutionContextInputError",
      "ExecutionContextNotFoundError",
      "ExecutionContextRateLimitError",
      "ExecutionContextUpstreamError"
    ],
    "ExecutionContextResult": [
      "AiExecutionContext",
      "ExecutionContextAuthenticationError",
      "ExecutionContextConflictError",
      "ExecutionContextForbiddenError",
      "ExecutionContextInputError",
      "ExecutionContextNotFoundError",
      "ExecutionContextRateLimitError",
      "ExecutionContextUpstreamError"
    ],
    "ExecutionContextUpdatedResult": [
      "AiExecutionContext",
      "DeletedExecutionContext",
      "ExecutionContextAuthenticationError",
      "ExecutionContextConflictError",
      "ExecutionContextForbiddenError",
      "ExecutionContextInputError",
      "ExecutionContextNotFoundError",
      "ExecutionContextRateLimitError",
      "ExecutionContextUpstreamError"
    ],
    "ExecutionContextsResult": [
      "ExecutionContextAuthenticationError",
      "ExecutionContextConflictError",
      "ExecutionContextForbiddenError",
      "ExecutionContextInputError",
      "ExecutionContextNotFoundError",
      "ExecutionContextPage",
      "ExecutionContextRateLimitError",
      "ExecutionContextUpstreamError"
    ],
    "MergeExecutionContextResult": [
      "AiExecutionContext",
      "ExecutionContextAuthenticationError",
      "ExecutionContextConflictError",
      "ExecutionContextForbiddenError",
      "ExecutionContextInputError",
      "ExecutionContextNotFoundError",
      "ExecutionContextRateLimitError",
      "ExecutionContextUpstreamError"
    ],
    "UpdateExecutionContextResult": [
      "AiExecutionContext",
      "ExecutionContextAuthenticationError",
      "ExecutionContextConflictError",
      "ExecutionContextForbiddenError",
      "ExecutionContextInputError",
      "ExecutionContextNotFoundError",
      "ExecutionContextRateLimitError",
      "ExecutionContextUpstreamError"
    ]
  }
};
      export default result;
    