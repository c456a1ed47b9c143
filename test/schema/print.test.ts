import { readFileSync } from 'node:fs';
import {
  buildSchema,
  isSpecifiedScalarType,
  lexicographicSortSchema,
  printType,
  validateSchema,
} from 'graphql';
import { describe, expect, it } from 'vitest';

import { schema } from '../../src/gateway.ts';
import { printSchema } from '../../src/schema/subgraph.ts';

const written = readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8');

describe('schema.graphql', () => {
  it('is what the builder prints (npm run schema writes it)', () => {
    expect(written).toBe(printSchema(schema));
  });

  it('begins with what a reader should know, and with the link that says which federation it is for', () => {
    expect(written).toMatch(
      /^"""\n[^"]*"""\nschema\n {2}@link\(url: "https:\/\/specs\.apollo\.dev\/federation\/v2\.6", import: \[/,
    );
  });

  it('is a schema by itself to graphql-js, which knows no directive of federation', () => {
    expect(validateSchema(buildSchema(written))).toEqual([]);
  });

  it('has every type as it is served, but for what federation adds', () => {
    const loaded = lexicographicSortSchema(buildSchema(written));
    for (const [name, type] of Object.entries(schema.getTypeMap())) {
      if (name.startsWith('_') || isSpecifiedScalarType(type)) continue;
      if (type === schema.getQueryType()) continue;
      const found = loaded.getType(name);
      // Apollo's printer leaves @specifiedBy out.
      const served = printType(type).replace(/ @specifiedBy\(url: "[^"]+"\)$/, '');
      expect(found && printType(found)).toBe(served);
    }
    const queries = Object.keys(schema.getQueryType()?.getFields() ?? {});
    expect(Object.keys(loaded.getQueryType()?.getFields() ?? {})).toEqual(
      queries.filter((name) => !name.startsWith('_')),
    );
  });
});
