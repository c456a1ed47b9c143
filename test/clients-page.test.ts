import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const file = 'docs/clients.md';
const recipes = 'test/clients/recipes';
const page = readFileSync(file, 'utf8');

/** A block of code, below the name of the recipe that it is. */
const block = /(<summary><code>(.+?)<\/code><\/summary>\n\n```\w+\n)(.*?)(?=```)/gs;

/** The recipes; what tools generate among them is in folders, or not there before `test/clients/run`. */
const names = readdirSync(recipes, { withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name !== 'schema.graphql')
  .map(({ name }) => name);

describe('docs/clients.md', () => {
  // `npx vitest run test/clients-page.test.ts -u` writes the page.
  it('shows each recipe as it is tested', async () => {
    const shown = Array.from(page.matchAll(block), ([, , name]) => name);
    expect(shown.toSorted()).toEqual(names.toSorted());
    const written = page.replace(
      block,
      (_, head: string, name: string) => head + readFileSync(join(recipes, name), 'utf8'),
    );
    await expect(written).toMatchFileSnapshot(join('..', file));
  });

  it('shows no other code', () => {
    const fences = page.match(/^```(?:ts|tsx|js|json)$/gm);
    expect(fences).toHaveLength(names.length);
  });

  it('installs what the recipes are tested with', () => {
    const manifest = readFileSync('test/clients/package.json', 'utf8');
    const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> };
    const installed = Array.from(page.matchAll(/^npm install (.+)$/gm), ([, list = '']) =>
      list.split(' ').filter((name) => !name.startsWith('--')),
    ).flat();
    expect(installed.length).toBeGreaterThan(10);
    for (const name of installed) {
      expect(Object.keys(dependencies)).toContain(name.replace(/(?<=.)@.+$/, ''));
    }
  });
});
