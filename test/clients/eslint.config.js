import { globalIgnores } from 'eslint/config';

import project from '../../eslint.config.js';

/** The rules of the project, which passes over this folder: its packages are installed only here. */
export default [
  ...project.filter(({ ignores }) => !ignores?.includes('test/clients/')),
  {
    files: ['**/*.ts'],
    // The clients' sinks and subscriptions are plain functions that their types call methods.
    rules: { '@typescript-eslint/unbound-method': 'off' },
  },
  globalIgnores(['**/generated/', '**/__generated__/']),
];
