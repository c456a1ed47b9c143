import { defineConfig } from 'vitest/config';

import root from '../../vitest.config.ts';

/** For the page whose packages are installed in its folder: `npm ci --prefix examples/web` comes first. */
export default defineConfig({
  ...root,
  test: {
    include: ['test/web/*.web.ts'],
    testTimeout: 40_000,
    hookTimeout: 60_000,
  },
});
