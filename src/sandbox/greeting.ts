import { mintSandboxToken, sandboxPeople } from './identity.ts';

/** The page's "Basic Usage": what a newcomer tries first. */
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
 * What `npm start` prints: where to look, a line to paste, and tokens to try.
 *
 * @param url - Where the gateway listens, without a slash at the end.
 * @param graphiql - Whether there is a page to open.
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
