import { getRequestListener } from '@hono/node-server';
import express from 'express';

// In a project of your own: from 'execution-context-gateway'.
import { createGateway } from '../../src/index.ts';

const { UPSTREAM_URL = '', UPSTREAM_API_KEY = '', JWT_ISSUER = '', PORT = '3000' } = process.env;

const gateway = createGateway({
  upstream: { url: UPSTREAM_URL, apiKey: UPSTREAM_API_KEY },
  identity: { issuer: JWT_ISSUER },
  endpoint: '/api/graphql',
  graphiql: true,
  introspection: true,
});

const app = express();

// Ahead of express.json() and other middleware that reads bodies: the gateway reads its own. The
// second path is what GraphiQL loads. `all`, unlike `use`, leaves the request's path as it is.
app.all(['/api/graphql', '/api/graphql/*rest'], getRequestListener(gateway.fetch));

app.use(express.json());
app.get('/hello', (_request, response) => {
  response.json({ hello: 'world' });
});

const server = app.listen(Number(PORT), '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : PORT;
  console.log(`http://127.0.0.1:${port}${gateway.endpoint}`);
});

process.once('SIGTERM', () => {
  server.close();
  // Without it, event streams would keep their connections open for ever.
  void gateway.close();
});
