import { startApplication } from '../../src/application.ts';
import { readConfig } from '../../src/config.ts';
import { mintSandboxToken } from '../../src/sandbox/index.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { composeSupergraph, fetchSubgraph } from './compose.ts';
import { startConversations } from './conversations/server.ts';
import { startHiveGateway } from './hive-gateway.ts';

const port = Number(process.env['SUPERGRAPH_PORT'] ?? 4100);
const routerSecret = 'secret-of-the-example';

const query = `{
  conversations(first: 4) {
    title
    executionContext { id context }
  }
}`;

const logger = createLogger({ level: 'info' });

// Both subgraphs take any free port: the router is the way in, and npm start may be running, too.
const contexts = await startApplication({
  config: readConfig({ PORT: '0', ROUTER_SECRET: routerSecret, SHUTDOWN_DRAIN_MS: '0' }),
  logger: logger.child({ subgraph: 'execution-contexts' }),
});
const conversations = await startConversations({
  onRequest(requestId) {
    logger.info({ subgraph: 'conversations', requestId }, 'request');
  },
});

const supergraphSdl = composeSupergraph([
  await fetchSubgraph('execution-contexts', `${contexts.url}/graphql`, {
    'x-router-secret': routerSecret,
  }),
  await fetchSubgraph('conversations', `${conversations.url}/graphql`),
]);
const authorization = `Bearer ${await mintSandboxToken('alice')}`;

const router = await startHiveGateway({
  supergraphSdl,
  port,
  routerSecret,
  graphiql: {
    title: 'Supergraph',
    defaultQuery: query,
    headers: JSON.stringify({ authorization }),
  },
}).catch(async (error: unknown) => {
  await Promise.all([contexts.close(), conversations.close()]);
  throw new Error(`No router on port ${port}: set SUPERGRAPH_PORT to another`, { cause: error });
});

const body = JSON.stringify({ query: query.replace(/\s+/g, ' ') });
console.log(`
Hive Gateway serves both subgraphs as one graph.

  Open  ${router.url}/graphql

Or ask from a terminal, as alice; of bob's forecast she is told the id alone:

  curl -s ${router.url}/graphql -H 'content-type: application/json' -H 'authorization: ${authorization}' -d '${body}'

The log below shows one x-request-id at both subgraphs.
`);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    void router
      .close()
      .then(() => Promise.all([contexts.close(), conversations.close()]))
      .then(() => process.exit(0));
  });
}
