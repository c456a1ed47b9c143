import { describe, expect, it } from 'vitest';

import { jsonTextsEqual } from './json-equality.ts';

describe('jsonTextsEqual', () => {
  it.each([
    ['1.0', '1'],
    ['1e2', '100'],
    ['-0', '0'],
    ['10e99999999999999999999', '1E+100000000000000000000'],
    ['"\\u0041\\/"', '"A/"'],
    [' { "a" : [ 1 , true ] } ', '{"a":[1.00,true]}'],
  ])('holds %s equal to %s', (a, b) => {
    expect(jsonTextsEqual(a, b)).toBe(true);
  });

  it.each([
    ['9007199254740993', '9007199254740992'],
    ['1e400', 'null'],
    ['1', '-1'],
    ['1', '"1"'],
    ['{"a":1,"b":2}', '{"b":2,"a":1}'],
    ['[1,2]', '[[1,2]]'],
    ['"\\ud800"', '"\\ufffd"'],
    ['[]', '{}'],
  ])('tells %s from %s', (a, b) => {
    expect(jsonTextsEqual(a, b)).toBe(false);
  });
});
