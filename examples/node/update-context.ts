import { describeFailure } from './failures.ts';
import { execute } from './gateway-client.ts';
import { graphql } from './generated/index.ts';

const updateContext = graphql(/* GraphQL */ `
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
`);

const { updateExecutionContext: result } = await execute(updateContext, {
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

if (result.__typename === 'AiExecutionContext') {
  console.log(
    `${result.id} now holds ${JSON.stringify(result.context)} (session ${result.sessionId ?? 'none'}).`,
  );
} else {
  console.log(describeFailure(result));
  process.exitCode = 1;
}
