import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

import { schema } from '../../src/schema/index.ts';
import { printSchema } from '../../src/schema/print.ts';

it('schema.graphql is what the builder prints (npm run schema writes it)', () => {
  const written = readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8');
  expect(written).toBe(printSchema(schema));
});
