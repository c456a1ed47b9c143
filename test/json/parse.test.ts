import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { JsonText, jsonText, parseJson, writeJson } from '../../src/json/index.ts';
import { jsonTextsEqual } from '../support/json-equality.ts';
import { jsonText as anyText } from '../support/json-texts.ts';
import { mutatedText } from './mutated-text.ts';

const roundTrip = (text: string) => jsonText(parseJson(text)).text;

const member = (value: unknown, key: string): unknown => {
  if (typeof value !== 'object' || value === null) throw new TypeError('not a container');
  return Object.getOwnPropertyDescriptor(value, key)?.value;
};

describe('parseJson', () => {
  it('gives back any text equal to what came', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(jsonTextsEqual(roundTrip(text), text)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('gives back equal any part of what came', () => {
    fc.assert(
      fc.property(anyText, anyText, (one, two) => {
        const parsed = parseJson(`{"a":{"2":0,"1":[${one},${two}]}}`);
        const list = member(member(parsed, 'a'), '1');
        expect(jsonTextsEqual(jsonText(member(list, '0')).text, one)).toBe(true);
        expect(jsonTextsEqual(jsonText(member(list, '1')).text, two)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('makes of plain texts what JSON.parse makes of them', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), (text) => {
        expect(parseJson(text)).toStrictEqual(JSON.parse(text));
      }),
      { numRuns: 1000 },
    );
  });

  it('reads lone surrogates, which UTF-8 cannot express', () => {
    expect(parseJson('{"\ud800":"\udfff\\\\"}')).toStrictEqual({ '\ud800': '\udfff\\' });
    expect(() => parseJson('"\\\ud800"')).toThrow(SyntaxError);
  });

  it('accepts and refuses what JSON.parse does, with its error', () => {
    const outcome = (parse: (text: string) => unknown, text: string) => {
      try {
        parse(text);
        return 'accepted';
      } catch (error) {
        return error;
      }
    };
    fc.assert(
      fc.property(mutatedText, (text) => {
        expect(outcome(parseJson, text)).toEqual(outcome(JSON.parse, text));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    '9007199254740993',
    '[-9007199254740993]',
    '{"a":{"b":[1e400]}}',
    '0.12345678901234567890123',
    '1e-400',
    '{"2":0,"1":0}',
    '{"a":0,"1":0}',
    '{"a":0,"\\u0031":0}',
    '{"a" \n:0,"1" \n:0}',
    '{"b":0,"4294967294":0}',
    '[0.5,\n12345678901234567891]',
  ])('carries %s as its text', (text) => {
    const exact = jsonText(parseJson(text));
    expect(exact).toBeInstanceOf(JsonText);
    expect(writeJson(exact)).toBe(text);
  });

  it.each([
    '1.000000000000000000000',
    '100000000000000000000',
    '0.8234567890123456',
    '1e100',
    '0e999',
    '{"1":0,"2":0,"a":0}',
    '{"b":0,"4294967295":0}',
    '{"a":"9007199254740993"}',
    '{"a":", 9007199254740993 \\"12\\": "}',
    '{"id":"6f9619ff-8b86-4e123-b42d-00c04fc964ff"}',
  ])('leaves %s plain', (text) => {
    const plain: unknown = JSON.parse(text);
    expect(parseJson(text)).toStrictEqual(plain);
    const isContainer = typeof plain === 'object';
    expect(jsonText(parseJson(text)).text).toBe(isContainer ? text : JSON.stringify(plain));
  });

  it('stays readable around what it carries', () => {
    const body =
      '{"variables":{"id":"a","input":{"context":{"n":9007199254740993,"ok":[1]}}},"10":0}';
    const context = member(member(member(parseJson(body), 'variables'), 'input'), 'context');
    expect(member(member(context, 'ok'), '0')).toBe(1);
    expect(jsonText(context)).toEqual(new JsonText('{"n":9007199254740993,"ok":[1]}'));
    expect(jsonText(member(context, 'ok'))).toEqual(new JsonText('[1]'));
  });

  it('keeps __proto__ as data', () => {
    const parsed = parseJson('{"__proto__":{"a":9007199254740993},"b":{"__proto__":1e400}}');
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
    expect(jsonText(member(parsed, '__proto__'))).toEqual(new JsonText('{"a":9007199254740993}'));
    expect(member(member(parsed, 'b'), '__proto__')).toEqual(new JsonText('1e400', 0));
  });

  it('takes the last of members with the same key', () => {
    expect(parseJson('{"a":[9007199254740993],"a":[1],"b":1e400,"b":2}')).toStrictEqual({
      a: [1],
      b: 2,
    });
    expect(member(parseJson('{"a":1,"a":1e400}'), 'a')).toEqual(new JsonText('1e400', 0));
  });

  it.each([20_000, 400_000])('parses %i levels, exact inside', (depth) => {
    const text = `${'['.repeat(depth)}9007199254740993${']'.repeat(depth)}`;
    expect(roundTrip(text) === text).toBe(true);
    let value = parseJson(text);
    for (let i = 0; i < 500; i++) value = member(value, '0');
    expect(roundTrip(text.slice(500, -500)) === jsonText(value).text).toBe(true);
  });

  it('carries whole what lies a thousand levels deep beside something distorted', () => {
    let value = parseJson(`[${'['.repeat(1500)}{"b":0,"a":0}${']'.repeat(1500)},1e400]`);
    for (let i = 0; i < 1000; i++) value = member(value, '0');
    expect(jsonText(value).text).toBe(`${'['.repeat(501)}{"b":0,"a":0}${']'.repeat(501)}`);
  });

  it('gives a copy of a parsed value the text of what is in the copy', () => {
    const parsed = parseJson('{ "a": [ 1.0 ] }') as Record<string, unknown>;
    expect(jsonText({ ...parsed, b: 2 }).text).toBe('{"a":[1],"b":2}');
    expect(jsonText(structuredClone(parsed)).text).toBe('{"a":[1]}');
    expect(jsonText([parsed['a']]).text).toBe('[[1]]');
    expect(jsonText(parsed['a']).text).toBe('[ 1.0 ]');
  });

  it.each([
    ['a number that is long', `[${'1'.repeat(1_000_000)}]`],
    ['zeros in a number', `[0.${'0'.repeat(500_000)}1${'0'.repeat(500_000)}1]`],
    ['digits in a string', `["${'1'.repeat(1_000_000)}"]`],
    ['exponents in a string', `["${'1e1'.repeat(300_000)}"]`],
    ['backslashes', `["${'\\\\'.repeat(500_000)}",1e400]`],
    ['brackets without an end', '['.repeat(1_000_000)],
    ['whitespace after a quoted number', `["1"${' '.repeat(1_000_000)}]`],
  ])('takes time in proportion to the text for %s', (_, text) => {
    const started = performance.now();
    try {
      parseJson(text);
    } catch (error) {
      expect(error).toBeInstanceOf(SyntaxError);
    }
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
