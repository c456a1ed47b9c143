import type { CodegenConfig } from '@graphql-codegen/cli';

const config = {
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
};

/** For Apollo Client's cache: which types a fragment on an interface or a union applies to. */
const possibleTypes = {
  plugins: ['fragment-matcher'],
  config: { useExplicitTyping: true },
};

/**
 * Types the operations of the examples from the subgraph SDL. `npm run codegen` writes the files; a
 * test holds them to what this configuration generates.
 */
export default {
  schema: 'schema.graphql',
  importExtension: '.ts',
  generates: {
    'examples/node/generated/': {
      documents: 'examples/node/*.ts',
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      // The text of an operation is all that fetch needs: no graphql-js at run time.
      config: { ...config, documentMode: 'string' },
    },
    'examples/node/generated/possible-types.ts': possibleTypes,
    'examples/web/src/generated/': {
      documents: 'examples/web/src/*.ts',
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config,
    },
    'examples/web/src/generated/possible-types.ts': possibleTypes,
  },
} satisfies CodegenConfig;
