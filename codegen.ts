import type { CodegenConfig } from '@graphql-codegen/cli';

/**
 * Types the operations of the examples from the subgraph SDL. `npm run codegen` writes the files; a
 * test holds them to what this configuration generates.
 */
const config: CodegenConfig = {
  schema: 'schema.graphql',
  documents: ['examples/node/*.ts'],
  importExtension: '.ts',
  generates: {
    'examples/node/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        // The text of an operation is all that fetch needs: no graphql-js at run time.
        documentMode: 'string',
        useTypeImports: true,
        enumType: 'string-literal',
        // A scalar without a row stops the generator, where it would otherwise become `any`.
        strictScalars: true,
        scalars: {
          ID: 'string',
          JSON: 'unknown',
          JSONObject: 'Record<string, unknown>',
          DateTime: 'string',
          // Of the definition of `@link`: no operation has one.
          link__Import: 'unknown',
        },
      },
    },
    // For Apollo Client's cache: which types a fragment on an interface or a union applies to.
    'examples/node/generated/possible-types.ts': {
      plugins: ['fragment-matcher'],
      config: { useExplicitTyping: true },
    },
  },
};

export default config;
