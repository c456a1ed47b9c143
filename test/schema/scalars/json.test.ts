import fc from 'fast-check';
import { Kind, parseValue } from 'graphql';
import type { ConstValueNode, ValueNode } from 'graphql';
import { describe, expect, it } from 'vitest';

import {
  JsonText,
  UnsafeNumber,
  findTooDeep,
  parseJson,
  writeJson,
} from '../../../src/json/index.ts';
import { JsonScalar } from '../../../src/schema/scalars/index.ts';
import { jsonTextsEqual } from '../../support/json-equality.ts';
import { jsonText, numberText } from '../../support/json-texts.ts';
import { echo } from './echo.ts';

const viaVariable = (text: string) =>
  echo(JsonScalar, 'query ($value: JSON) { echo(value: $value) }', `{"value":${text}}`);

/** One value as JSON and as a GraphQL literal, whose keys are names and strings well-formed. */
const spellings = fc.letrec<{ value: { json: string; literal: string } }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    numberText.map((text) => ({ json: text, literal: text })),
    fc
      .string({ unit: 'grapheme' })
      .map((text) => ({ json: JSON.stringify(text), literal: JSON.stringify(text) })),
    fc.constantFrom('true', 'false', 'null').map((text) => ({ json: text, literal: text })),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => ({
      json: `[${items.map(({ json }) => json).join()}]`,
      literal: `[${items.map(({ literal }) => literal).join(' ')}]`,
    })),
    fc
      .uniqueArray(
        fc.tuple(
          fc.constantFrom('__proto__', 'constructor', 'toString', 'z', 'a', '_1', 'null'),
          tie('value'),
        ),
        { maxLength: 5, selector: ([name]) => name },
      )
      .map((members) => ({
        json: `{${members.map(([name, { json }]) => `"${name}":${json}`).join()}}`,
        literal: `{${members.map(([name, { literal }]) => `${name}: ${literal}`).join(' ')}}`,
      })),
  ),
})).value;

describe('JSON', () => {
  it('gives back any variable equal to what came', async () => {
    await fc.assert(
      fc.asyncProperty(jsonText, async (text) => {
        const { data, errors } = await viaVariable(text);
        expect(errors).toEqual([]);
        expect(jsonTextsEqual(data, text)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('reads a literal as it reads the same value in a variable', async () => {
    await fc.assert(
      fc.asyncProperty(spellings, async ({ json, literal }) => {
        const { data, errors } = await echo(JsonScalar, `{ echo(value: ${literal}) }`);
        expect(errors).toEqual([]);
        expect(jsonTextsEqual(data, json)).toBe(true);
        expect(jsonTextsEqual((await viaVariable(json)).data, data)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps block strings', async () => {
    const { data } = await echo(JsonScalar, '{ echo(value: ["""\n  a\n    "b"\n  """]) }');
    expect(data).toBe(JSON.stringify(['a\n  "b"']));
  });

  it('gives resolvers the text, of an object or array as it was written', async () => {
    expect((await viaVariable('{"a": [1, 0.5]}')).seen).toMatchObject({ text: '{"a": [1, 0.5]}' });
    expect((await viaVariable('{"a":1e400}')).seen).toMatchObject({ text: '{"a":1e400}' });
    expect((await viaVariable('"\\u0041"')).seen).toMatchObject({ text: '"A"' });
    expect((await viaVariable('null')).seen).toBeNull();
  });

  it('keeps variables within a literal as they came', async () => {
    const document = `query ($big: JSON, $id: ID, $n: Int, $none: JSON, $null: JSON) {
      echo(value: { big: [$big, $none], none: $none, null: $null, id: $id, n: $n })
    }`;
    const variables = '{"big":{"b":1e400,"2":0,"1":12.50},"id":7,"n":3,"null":null}';
    expect(await echo(JsonScalar, document, variables)).toMatchObject({
      errors: [],
      data: '{"big":[{"b":1e400,"2":0,"1":12.50},null],"null":null,"id":"7","n":3}',
    });
  });

  it('refuses an enum value, which would otherwise vanish', async () => {
    const { errors } = await echo(JsonScalar, '{ echo(value: { state: [RUNNING] }) }');
    expect(errors).toEqual(['JSON has no enum values: write RUNNING as the string "RUNNING".']);
  });

  it('refuses a variable that holds an unsafe ID', () => {
    const literal = parseNodeWithVariable('ids');
    const variables = { ids: ['a', { id: new UnsafeNumber('9007199254740993') }] };
    expect(() => JsonScalar.parseLiteral(literal, variables)).toThrow(
      'Variable "$ids" holds an ID',
    );
  });

  it.each(['{"a":1}', '[]', `"${'x'.repeat(256)}"`])(
    'does not multiply a large variable without end: %s',
    async (value) => {
      const repeat = (times: number) =>
        echo(
          JsonScalar,
          `query ($v: JSON) { echo(value: [${'$v '.repeat(times)}]) }`,
          `{"v":${value}}`,
        );
      expect(await repeat(8)).toMatchObject({
        errors: [],
        data: `[${Array(8).fill(value).join()}]`,
      });
      expect((await repeat(9)).errors).toHaveLength(1);
    },
  );

  it('repeats a small variable as often as it is written', async () => {
    const document = `query ($v: JSON) { echo(value: [${'$v '.repeat(500)}]) }`;
    const { data } = await echo(JsonScalar, document, '{"v":"x"}');
    expect(JSON.parse(data)).toEqual(Array(500).fill('x'));
  });

  it('withstands 20,000 levels in a literal and in a variable within one', () => {
    let literal: ConstValueNode = { kind: Kind.LIST, values: [] };
    for (let i = 0; i < 20_000; i++) literal = { kind: Kind.LIST, values: [literal] };
    expect(findTooDeep(JsonScalar.parseLiteral(literal), 128)).toHaveLength(128);

    const deep = parseJson(`${'['.repeat(20_000)}${']'.repeat(20_000)}`);
    const value = JsonScalar.parseLiteral(parseNodeWithVariable('deep'), { deep });
    expect(findTooDeep(value, 3)).toEqual(['a', '0', '0']);
  });

  it('writes carriers that a resolver returns, alone or within plain values', () => {
    const exact = new JsonText('12.50');
    expect(writeJson(JsonScalar.serialize(exact))).toBe('12.50');
    expect(writeJson(JsonScalar.serialize({ a: [exact] }))).toBe('{"a":[12.50]}');
  });
});

/** `{ a: $name }`. */
function parseNodeWithVariable(name: string): ValueNode {
  return parseValue(`{ a: $${name} }`);
}
