import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: true; readonly devOptional?: true }>>;
}

const lockFile = new URL('../../package-lock.json', import.meta.url);
const { packages } = JSON.parse(readFileSync(lockFile, 'utf8')) as Lock;

/** The packages that `npm ci --omit=dev` installs. */
const installed = Object.entries(packages)
  .filter(([path, { dev, devOptional }]) => path !== '' && dev === undefined && !devOptional)
  .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));

it('a production install serves the subgraph, with no composer and no gateway', () => {
  expect(installed).toContain('@apollo/subgraph');
  const strangers = /composition|gateway|query-planner|@graphql-mesh\/|stitch/;
  expect(installed.filter((name) => strangers.test(name))).toEqual([]);
});
