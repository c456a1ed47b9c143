import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startLanguageClient, type LanguageClient } from './language-client.ts';
import {
  capitalized,
  createProject,
  misspelt,
  operationTexts,
  schemaText,
  toolFile,
} from './project.ts';

describe('the GraphQL language server of editors', () => {
  const project = createProject({
    '.graphqlrc.json': JSON.stringify({ schema: 'schema.graphql', documents: '*.graphql' }),
  });
  let client: LanguageClient;
  beforeAll(async () => {
    client = await startLanguageClient(toolFile('language-server.js'), project.directory);
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    project[Symbol.dispose]();
  });

  const uriOf = (name: string) => pathToFileURL(join(project.directory, name)).href;

  it('has nothing to say of the schema', async () => {
    expect(await client.open(uriOf('schema.graphql'), schemaText)).toEqual([]);
  });

  it.each(Object.entries(operationTexts(capitalized)))(
    'has nothing to say of an operation for %s',
    async (field, text) => {
      expect(await client.open(uriOf(`${field}.graphql`), text)).toEqual([]);
    },
  );

  it('underlines a field that does not exist', async () => {
    expect(await client.open(uriOf('misspelt.graphql'), misspelt)).toMatchObject([
      {
        message:
          'Cannot query field "contxt" on type "AiExecutionContext". Did you mean "context"?',
      },
    ]);
  });

  it('shows the description of a field', async () => {
    const textDocument = { uri: uriOf('misspelt.graphql') };
    const position = { line: 1, character: 4 };
    expect(await client.request('textDocument/hover', { textDocument, position })).toMatchObject({
      contents: expect.stringContaining('Returns one execution context.') as string,
    });
  });
});
