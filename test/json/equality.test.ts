import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { JsonText, jsonEquals } from '../../src/json/index.ts';
import { jsonTextsEqual } from '../support/json-equality.ts';
import { jsonText } from '../support/json-texts.ts';
import { respelledText } from './respelled-text.ts';

const equal = (one: string, other: string) => jsonEquals(new JsonText(one), new JsonText(other));

describe('jsonEquals', () => {
  it('holds all spellings of a value equal', () => {
    fc.assert(
      fc.property(respelledText, ({ text, spelling, reordered }) => {
        expect(equal(text, spelling)).toBe(true);
        expect(equal(text, reordered)).toBe(jsonTextsEqual(text, reordered));
      }),
      { numRuns: 1000 },
    );
  });

  it('holds two values equal where their tokens are', () => {
    const small = fc.constantFrom('1', '1.0', '[]', '{"a":1}', '{"a":10e-1}', '[1]', '"a"', 'null');
    const text = fc.oneof(
      jsonText,
      small,
      fc.tuple(small, small).map(([a, b]) => `[${a},${b}]`),
    );
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(equal(one, other)).toBe(jsonTextsEqual(one, other));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['1.0', '1'],
    ['-0', '0'],
    ['1e999999999', '10E+999999998'],
    ['{"2":1,"1":[true]}', ' { "\\u0032" : 1 , "1" : [ true ] } '],
    ['{"a":1,"b":2,"a":3}', '{"a":3,"b":2}'],
  ])('holds %s equal to %s', (one, other) => {
    expect(equal(one, other)).toBe(true);
  });

  it.each([
    ['9007199254740993', '9007199254740992'],
    ['{"2":0,"1":0}', '{"1":0,"2":0}'],
    ['[1,2]', '[2,1]'],
    ['"1"', '1'],
    ['"\\ud800"', '"\\ufffd"'],
  ])('tells %s from %s', (one, other) => {
    expect(equal(one, other)).toBe(false);
  });
});
