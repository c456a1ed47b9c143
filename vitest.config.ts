import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const { resolve } = createRequire(import.meta.url);

export default defineConfig({
  resolve: {
    // Vite would take the ES module build, while Yoga and Pothos load the CommonJS one as Node does:
    // graphql-js refuses to work with types of a second copy of itself.
    alias: [{ find: /^graphql$/, replacement: resolve('graphql') }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Vitest would leave a core idle, of two one: but most tests wait for something now and then.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
