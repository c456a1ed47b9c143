import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';

import { capitalized, createProject, misspelt, operationTexts } from './project.ts';

const config = JSON.stringify({ src: '.', schema: 'schema.graphql', language: 'typescript' });

/** A module of Relay's holds operations that are named after it. */
function moduleOf(text: string): string {
  return `import { graphql } from 'react-relay';\n\nexport default graphql\`\n${text}\`;\n`;
}

it('relay-compiler compiles an operation for every field', async () => {
  const operations = operationTexts((field, type) => field + capitalized(type));
  const modules = Object.entries(operations).map(
    ([field, text]) => [`${field}.ts`, moduleOf(text)] as const,
  );
  using project = createProject({
    'relay.config.json': config,
    ...Object.fromEntries(modules),
  });
  const { exitCode, output } = await project.run('relay-compiler', '--noWatchman');
  expect(output).not.toMatch(/error|warn/i);
  expect(exitCode).toBe(0);
  const compiled = readdirSync(`${project.directory}/__generated__`);
  for (const field of Object.keys(operations)) {
    expect(compiled).toContainEqual(
      expect.stringMatching(new RegExp(`^${field}[A-Z][a-z]+\\.graphql\\.ts$`)),
    );
  }
});

it('relay-compiler refuses a field that does not exist', async () => {
  using project = createProject({
    'relay.config.json': config,
    'Misspelt.ts': moduleOf(misspelt.replace('Misspelt', 'MisspeltQuery')),
  });
  const { exitCode, output } = await project.run('relay-compiler', '--noWatchman');
  expect(output).toContain('The type `AiExecutionContext` has no field `contxt`');
  expect(exitCode).not.toBe(0);
});
