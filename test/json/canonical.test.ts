import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { JsonText, canonicalJson } from '../../src/json/index.ts';
import { canonicalTokens } from '../support/json-equality.ts';
import { jsonText, numberText } from '../support/json-texts.ts';
import { readTree, sortTree, writeTree } from './ordered-tree.ts';
import { respelledText } from './respelled-text.ts';

const canonical = (text: string) => canonicalJson(new JsonText(text));

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
    ['strings', ['"A/é"', '"\\u0041\\/\\u00e9"', '"\\u0041/\\u00E9"']],
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
