import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { generate } from '@graphql-codegen/cli';
import { expect, it } from 'vitest';

import config from '../../codegen.ts';

const directories = ['examples/node/generated', 'examples/web/src/generated'];

it('the examples are typed by the schema as it stands (npm run codegen writes the files)', async () => {
  const output = (await generate({ ...config, silent: true }, false)) as GeneratedFile[];
  const generated = output.map(({ filename, content }) => [resolve(filename), content]);
  const written = directories.flatMap((directory) =>
    readdirSync(directory).map((name) => {
      const file = resolve(directory, name);
      return [file, readFileSync(file, 'utf8')];
    }),
  );
  expect(Object.fromEntries(written)).toEqual(Object.fromEntries(generated));
});

interface GeneratedFile {
  readonly filename: string;
  readonly content: string;
}
