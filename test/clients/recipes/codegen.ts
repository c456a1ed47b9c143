import type { CodegenConfig } from '@graphql-codegen/cli';
import { addTypenameSelectionDocumentTransform } from '@graphql-codegen/client-preset';

const config: CodegenConfig = {
  schema: 'schema.graphql',
  documents: ['documents.ts'],
  generates: {
    // Typed documents, and with persistedDocuments the file for TRUSTED_DOCUMENTS.
    'generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false, persistedDocuments: true },
      // The caches of Apollo Client and urql need `__typename`, also where a document goes by its hash.
      documentTransforms: [addTypenameSelectionDocumentTransform],
      config: {
        useTypeImports: true,
        enumType: 'string-literal',
        scalars: { ID: 'string', JSON: 'unknown', JSONObject: 'Record<string, unknown>' },
      },
    },
    // For Apollo Client's cache: which types a fragment on an interface or a union applies to.
    'generated/possible-types.ts': { plugins: ['fragment-matcher'] },
    // For urql's graphcache, which has to know as much.
    'generated/schema.json': {
      plugins: ['introspection'],
      config: { descriptions: false, minify: true },
    },
  },
};

export default config;
