import { expect, it } from 'vitest';

import { capitalized, createProject, misspelt, operationTexts, schemaText } from './project.ts';

it('graphql-inspector validates an operation for every field', async () => {
  const text = Object.values(operationTexts(capitalized)).join('\n');
  using project = createProject({ 'operations.graphql': text });
  const run = await project.run(
    'graphql-inspector',
    'validate',
    'operations.graphql',
    'schema.graphql',
  );
  expect(run.output).toContain('All documents are valid');
  expect(run.exitCode).toBe(0);
});

it('graphql-inspector refuses a field that does not exist', async () => {
  using project = createProject({ 'operations.graphql': misspelt });
  const run = await project.run(
    'graphql-inspector',
    'validate',
    'operations.graphql',
    'schema.graphql',
  );
  expect(run.output).toContain('Cannot query field contxt on type AiExecutionContext');
  expect(run.exitCode).toBe(1);
});

it('graphql-inspector compares two versions', async () => {
  using project = createProject({
    'next.graphql': schemaText.replace('hasMore: Boolean!', 'hasMore: Boolean'),
  });
  const run = await project.run('graphql-inspector', 'diff', 'schema.graphql', 'next.graphql');
  expect(run.output).toContain('Detected 1 breaking change');
  expect(run.output).toContain(
    'Field ExecutionContextPage.hasMore changed type from Boolean! to Boolean',
  );
  expect(run.exitCode).toBe(1);
});
