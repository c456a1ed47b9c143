import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const globalsOfNode = Object.fromEntries(
  ['process', 'console', 'fetch', 'setTimeout', 'clearTimeout'].map((name) => [name, 'readonly']),
);

export default defineConfig(
  globalIgnores([
    '**/dist/',
    'coverage/',
    '**/generated/',
    // Their packages are those of bench/, whose own build checks them.
    'bench/servers/{apollo-server,mercurius}.ts',
    // Its packages are installed in that folder, whose own run checks it.
    'test/clients/',
    // Likewise those of examples/web: see test/web/run.
    'examples/web/{src,vite.config.ts}',
  ]),
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['*.js', '*.cjs'] } },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // A handler that must return a promise may have nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: globalsOfNode },
    rules: { 'no-console': 'off' },
  },
  {
    // Old versions of Node have to be able to read it.
    files: ['bin.cjs'],
    rules: { 'no-var': 'off' },
  },
  {
    files: ['src/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          name: 'undici',
          allowTypeImports: true,
          message: 'Import it from src/http-client.ts, which loads only what is used.',
        },
      ],
    },
  },
  {
    files: ['bench/**', 'soak/**', 'examples/**'],
    rules: { 'no-console': 'off' },
  },
);
