import { expect, it } from 'vitest';

import { capitalized, createProject, misspelt, operationTexts, toolFile } from './project.ts';

const config = toolFile('graphql-eslint.config.js');

it('graphql-eslint has nothing to say of the schema nor of an operation for every field', async () => {
  const operations = Object.entries(operationTexts(capitalized)).map(
    ([field, text]) => [`${field}.operation.graphql`, text] as const,
  );
  using project = createProject(Object.fromEntries(operations));
  expect(await project.run('eslint', '--config', config, '.')).toEqual({ exitCode: 0, output: '' });
});

it('graphql-eslint refuses a field that does not exist', async () => {
  using project = createProject({ 'misspelt.operation.graphql': misspelt });
  const { exitCode, output } = await project.run('eslint', '--config', config, '.');
  expect(output).toContain('Cannot query field "contxt" on type "AiExecutionContext"');
  expect(exitCode).toBe(1);
});
