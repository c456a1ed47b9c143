import { mintSandboxToken, sandboxPeople } from './identity.ts';

/** The request of the example "Basic Usage". */
const firstRequest = {
  query:
    'mutation($id: ID!, $input: UpdateExecutionContextInput!) { updateExecutionContext(id: $id, input: $input) { __typename ... on AiExecutionContext { id sessionId context } ... on ExecutionContextError { code message } } }',
  variables: {
    id: 'ctx_123',
    input: {
      context: {
        current_step: 'processing',
        progress: 75,
        results: { analyzed_documents: 10, extracted_entities: 25 },
      },
      sessionId: 'session_456',
    },
  },
};

/**
 * Returns what `npm start` prints: a page to open, a command to run, and session tokens.
 *
 * @param url - The URL of the gateway, without a slash at the end.
 * @param graphiql - Whether GraphiQL is served.
 */
export async function sandboxGreeting(url: string, graphiql: boolean): Promise<string> {
  const tokens = await Promise.all(
    sandboxPeople.map(async ({ name }) => ({ name, token: await mintSandboxToken(name) })),
  );
  const [alice] = tokens;
  return `
The gateway serves sample data: no UPSTREAM_URL is set.
${graphiql ? `\n  Open  ${url}/graphql\n` : ''}
Or update a context from a terminal:

  curl -s ${url}/graphql -H 'content-type: application/json' -H 'authorization: Bearer ${alice?.token ?? ''}' -d '${JSON.stringify(firstRequest)}'

Session tokens, each valid for 30 days (npm run -s token NAME makes more):

${tokens.map(({ name, token }) => `  ${name.padEnd(6)} ${token}`).join('\n')}

`;
}
