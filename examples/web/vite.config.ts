import react from '@vitejs/plugin-react';
import { defineConfig, type Connect, type Plugin } from 'vite';

import type { Settings } from './src/settings.ts';

/** What the page is told at run time, so that one build serves wherever the gateway is. */
function settings(): Plugin {
  const answer: Connect.NextHandleFunction = (_request, response) => {
    const told: Settings = {
      gatewayUrl: process.env['GATEWAY_URL'] ?? 'http://127.0.0.1:4000/graphql',
      token: process.env['TOKEN'] ?? '',
    };
    response.setHeader('content-type', 'application/json');
    response.setHeader('cache-control', 'no-store');
    response.end(JSON.stringify(told));
  };
  return {
    name: 'settings',
    configureServer({ middlewares }) {
      middlewares.use('/settings.json', answer);
    },
    configurePreviewServer({ middlewares }) {
      middlewares.use('/settings.json', answer);
    },
  };
}

const server = { host: '127.0.0.1', strictPort: true };

export default defineConfig({
  plugins: [react(), settings()],
  server,
  preview: server,
});
