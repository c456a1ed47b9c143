import { defineConfig } from 'vitest/config';

/** For the tools that are installed in this folder: `npm ci --prefix test/tools` comes first. */
export default defineConfig({
  test: {
    include: ['test/tools/*.tool.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
