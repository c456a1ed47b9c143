import { readFile, writeFile } from 'node:fs/promises';

const file = new URL('RESULTS.md', import.meta.url);

/** Between them stands what was measured; what stands around them is written by hand and kept. */
const begin = '<!-- measured: written by `npm run bench -- --write` -->';
const end = '<!-- end of what was measured -->';

export async function writeResults(markdown: string): Promise<void> {
  const old = await readFile(file, 'utf8').catch(() => `# Results\n\n${begin}\n${end}\n`);
  const from = old.indexOf(begin);
  const to = old.indexOf(end);
  if (from < 0 || to < from)
    throw new Error(`bench/RESULTS.md lacks the lines ${begin} and ${end}.`);
  const text = `${old.slice(0, from)}${begin}\n\n${markdown}\n${old.slice(to)}`;
  await writeFile(file, text);
}
