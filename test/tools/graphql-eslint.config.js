import graphql from '@graphql-eslint/eslint-plugin';

export default [
  {
    files: ['*.graphql'],
    plugins: { '@graphql-eslint': graphql },
    languageOptions: {
      parser: graphql.parser,
      parserOptions: {
        graphQLConfig: { schema: 'schema.graphql', documents: ['*.operation.graphql'] },
      },
    },
  },
  {
    files: ['*.operation.graphql'],
    rules: graphql.configs['flat/operations-recommended'].rules,
  },
  {
    files: ['schema.graphql'],
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      // `link__Import` and `link__Purpose` are named by their specification.
      '@graphql-eslint/naming-convention': 'off',
      // Errors and pages are no records, so they have no id.
      '@graphql-eslint/strict-id-in-types': 'off',
      // `JSONObject` is there before the first field that takes one.
      '@graphql-eslint/no-unreachable-types': 'off',
    },
  },
];
