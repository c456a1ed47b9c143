import { serve } from '@hono/node-server';

// In a project of your own: from 'execution-context-gateway'.
import { createGateway, createLogger } from '../../src/index.ts';

const { UPSTREAM_URL = '', UPSTREAM_API_KEY = '', JWT_ISSUER = '', PORT = '3000' } = process.env;

const gateway = createGateway({
  upstream: { url: UPSTREAM_URL, apiKey: UPSTREAM_API_KEY },
  identity: { issuer: JWT_ISSUER },
  endpoint: '/api/graphql',
  graphiql: true,
  introspection: true,
  probes: true,
  metrics: true,
  logger: createLogger({ level: 'warn' }),
});

// Whatever takes a function from Request to Promise<Response>: here, an adapter for node:http.
const server = serve({ fetch: gateway.fetch, port: Number(PORT) }, ({ port }) => {
  console.log(`http://127.0.0.1:${port}${gateway.endpoint}`);
});

process.once('SIGTERM', () => {
  server.close();
  // Without it, event streams would keep their connections open for ever.
  void gateway.close();
});
