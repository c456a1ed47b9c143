import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';

import { relay } from './recipes/vite-relay.ts';

const { resolve } = createRequire(new URL('../../package.json', import.meta.url));

/** For the clients that are installed in this folder, and with it as the current one. */
export default defineConfig({
  plugins: [relay()],
  resolve: {
    // As in the project's own configuration: the gateway runs in the same process.
    alias: [{ find: /^graphql$/, replacement: resolve('graphql') }],
  },
  test: {
    include: ['*.client.ts'],
    // Each worker loads the gateway once.
    isolate: false,
    setupFiles: ['browser-globals.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
