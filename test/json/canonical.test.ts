import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { JsonText, canonicalJson, parseJson } from '../../src/json/index.ts';
import { canonicalNumber } from '../../src/json/number.ts';
import { canonicalTokens } from '../support/json-equality.ts';
import { jsonText, numberText } from '../support/json-texts.ts';
import { readTree, sortTree, writeTree } from './ordered-tree.ts';
import { respelledText } from './respelled-text.ts';

const canonical = (text: string) => canonicalJson(new JsonText(text)).toString();

/** The same by way of a plain value, whose spelling every release has to keep: versions are made of it. */
function write(value: unknown): string {
  if (value instanceof JsonText) return canonicalNumber(value.text);
  if (Array.isArray(value)) return `[${value.map(write).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${write(member)}`).join()}}`;
}

/** Objects in which keys recur and sort each in another way: by UTF-8, as array indices, by escapes. */
const objectText = fc
  .array(
    fc.tuple(
      fc.oneof(
        fc.constantFrom(
          'b',
          'a',
          'ab',
          '10',
          '9',
          '',
          '__proto__',
          '\uffff',
          '\u{1f600}',
          'é',
          '"',
        ),
        fc.constantFrom('\\', '\n', '\ud800', '\ue000', 'A', '\u007f', 'key', 'keys', 'kez'),
      ),
      fc.boolean(),
      fc.oneof(jsonText, fc.constantFrom('1', '[]', '{"b":1,"a":2}')),
      fc.constantFrom('', ' ', '\n\t'),
    ),
    { maxLength: 40, size: 'max' },
  )
  .map((members) => {
    const texts = members.map(([key, isEscaped, value, space]) => {
      const quoted = JSON.stringify(key);
      const spelt = isEscaped ? quoted.replace(/[a-z](?=")/, escaped) : quoted;
      return `${space}${spelt}${space}:${space}${value}${space}`;
    });
    return `{${texts.join()}}`;
  });

const escaped = (character: string) =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** The naive model. */
const sorted = (text: string) => writeTree(sortTree(readTree(text)));

describe('canonicalJson', () => {
  it('is one text for all spellings and orders of a value', () => {
    fc.assert(
      fc.property(respelledText, ({ text, spelling, reordered }) => {
        expect(canonical(spelling)).toBe(canonical(text));
        expect(canonical(reordered)).toBe(canonical(text));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['values', jsonText],
    ['objects', objectText],
    ['numbers', numberText],
    ['doubles', fc.double({ noNaN: true, noDefaultInfinity: true }).map((double) => `[${double}]`)],
    ['decimals', fc.tuple(fc.integer(), fc.nat()).map(([whole, part]) => `${whole}.${part}`)],
    ['decimals', fc.nat({ max: 9_999_999 }).map((part) => `-0.${String(part).padStart(9, '0')}`)],
  ])('is what a plain value of it would be written as: %s', (_, texts) => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(canonical(text)).toBe(write(parseJson(text)));
      }),
      { numRuns: 2000 },
    );
  });

  it('is JSON with the meaning of the value', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        expect(sorted(canonical(text))).toBe(sorted(text));
        expect(canonical(canonical(text))).toBe(canonical(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('tells numbers apart exactly where they are other decimals', () => {
    fc.assert(
      fc.property(numberText, numberText, fc.nat(), (one, other, position) => {
        // A number with one digit changed is next to it, but for leading zeros.
        const at = position % one.length;
        const near = one.slice(0, at) + one.slice(at).replace(/[1-8]/, (digit) => `${+digit + 1}`);
        for (const second of [other, near]) {
          const isSame = canonicalTokens(one)[0] === canonicalTokens(second)[0];
          expect(canonical(one) === canonical(second)).toBe(isSame);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['numbers', ['1', '1.0', '1e0', '10e-1', '0.1E+1', '1.000000000000000000000000', '100e-02']],
    ['zeros', ['0', '-0', '0.0', '-0e5', '0e-999999999', '0E999999999', `0.${'0'.repeat(400)}`]],
    ['integers', ['150', '15e1', '1.5e2', '150.000', '0.00150e5']],
    ['long integers', ['9007199254740993', '9007199254740993.0', '9.007199254740993e15']],
    ['huge numbers', ['1e999999999', '10e999999998', '0.1E+1000000000', '1.0e0999999999']],
    ['tiny numbers', ['1e-999999999', '0.1e-999999998', '10E-1000000000']],
    ['immense exponents', [`1e${'9'.repeat(40)}`, `10e${'9'.repeat(39)}8`]],
    ['exponents beyond 2^53', ['1e9007199254740993', '10e9007199254740992']],
    ['strings', ['"A/é"', '"A\\/é"', '"\\u0041\\/\\u00e9"', '"\\u0041/\\u00E9"']],
    ['lone surrogates', ['"\\ud800"', '"\ud800"', '"\\uD800"']],
    ['objects', ['{"b":1,"a":[],"10":2,"9":3}', ' { "9":3.0 , "\\u0061":[ ],"10":2,"b":1 } ']],
    ['members with one key', ['{"a":2}', '{"a":1,"a":2}', '{"\\u0061":[],"a":2}']],
  ])('is one text for %s', (_, texts) => {
    expect(new Set(texts.map(canonical)).size).toBe(1);
  });

  it.each([
    ['neighbours of a double', ['9007199254740993', '9007199254740992', '9007199254740994']],
    ['signs and types', ['1', '-1', '"1"', '[1]', '{"1":1}', 'true', 'null']],
    ['exponents', ['1e999999999', '1e999999998', '1e-999999999', '-1e999999999', 'null']],
    ['exponents beyond 2^53', ['1e9007199254740993', '1e9007199254740992', '1e9007199254740994']],
    ['fractions', ['0.1', '0.1000000000000000055511151231257827', '0.10000000000000001']],
    ['orders of items', ['[1,2]', '[2,1]', '[[1,2]]', '[12]', '[1,[2]]']],
    ['null and nothing', ['{"a":null}', '{}', '[]', '[null]', '""']],
    ['keys', ['{"a":1,"b":2}', '{"a":2,"b":1}', '{"a":{"b":2}}', '{"__proto__":{"a":1}}']],
    ['lone surrogates', ['"\\ud800"', '"\\ufffd"', '"\\udc00"', '"\\ud800\\udc00"']],
  ])('tells %s apart', (_, texts) => {
    expect(new Set(texts.map(canonical)).size).toBe(texts.length);
  });

  it('sorts members by code unit, at every level', () => {
    expect(
      canonical('{"b":[{"é":1,"e":2,"10":3,"9":4}],"\\ud83d\\ude00":0,"\\uffff":0,"B":0}'),
    ).toBe('{"B":0,"b":[{"10":3,"9":4,"e":2,"é":1}],"\u{1f600}":0,"\uffff":0}');
    expect(canonical('{"b":1e400,"__proto__":{"z":1,"a":2}}')).toBe(
      '{"__proto__":{"a":2,"z":1},"b":1e400}',
    );
  });

  it.each([
    ['a huge exponent', '[1e999999999,1e-999999999]'],
    ['many digits', `[${'1'.repeat(500_000)}]`],
    ['many zeros', `[0.${'0'.repeat(250_000)}1${'0'.repeat(250_000)}1]`],
    ['a long exponent', `[1e${'1'.repeat(500_000)}]`],
    [
      'many members',
      `{${Array.from({ length: 50_000 }, (__, i) => `"${i * 7919}x":${i}`).join()}}`,
    ],
    ['strings of digits', `["${'1e1 '.repeat(200_000)}"]`],
  ])('takes time in proportion to the text for %s', (_, text) => {
    const started = performance.now();
    canonical(text);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
