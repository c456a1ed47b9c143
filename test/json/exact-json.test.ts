import { inspect } from 'node:util';

import { describe, expect, it } from 'vitest';

import { ExactJson, stringifyJson } from '../../src/json/index.ts';

describe('stringifyJson', () => {
  it('writes plain values as JSON.stringify does', () => {
    const value = { a: [1, 'x', null, { b: true }], c: undefined, d: new Date(0) };
    expect(stringifyJson(value)).toBe(JSON.stringify(value));
  });

  it('writes carriers verbatim, at any depth and in order', () => {
    const first = new ExactJson('{"10": 1, "2":2}');
    const second = new ExactJson('1e400');
    expect(stringifyJson({ a: first, b: [second, first], c: 'x' })).toBe(
      '{"a":{"10": 1, "2":2},"b":[1e400,{"10": 1, "2":2}],"c":"x"}',
    );
    expect(stringifyJson(second)).toBe('1e400');
  });

  it('writes a carrier whose text looks like a replacement pattern', () => {
    expect(stringifyJson([new ExactJson('"$&$1$$"')])).toBe('["$&$1$$"]');
  });

  it('is not fooled by data that repeats an earlier placeholder', () => {
    let seen = '';
    const spy = {
      exact: new ExactJson('1e400'),
      toJSON() {
        seen = this.exact.toJSON();
        return seen;
      },
    };
    expect(stringifyJson(spy)).toBe('1e400');
    expect(stringifyJson([seen, new ExactJson('2e400'), `"${seen}"`])).toBe(
      `["${seen}",2e400,"\\"${seen}\\""]`,
    );
  });

  it('refuses to guess when a placeholder went missing', () => {
    const thief = {
      toJSON() {
        new ExactJson('1').toJSON();
        return 'stolen';
      },
    };
    expect(() => stringifyJson([thief, new ExactJson('2')])).toThrow(TypeError);
  });

  it('can be called from a toJSON method', () => {
    const nested = { toJSON: () => stringifyJson({ n: new ExactJson('1e400') }) };
    expect(stringifyJson([new ExactJson('1.50'), nested, new ExactJson('2.50')])).toBe(
      '[1.50,"{\\"n\\":1e400}",2.50]',
    );
  });

  it('recovers from a throw half-way', () => {
    const bad = {
      toJSON() {
        throw new RangeError('half-way');
      },
    };
    expect(() => stringifyJson([new ExactJson('1'), bad])).toThrow('half-way');
    expect(JSON.stringify(new ExactJson('1e400'))).toBe('"1e400"');
    expect(stringifyJson([new ExactJson('1e400')])).toBe('[1e400]');
  });

  it('refuses what JSON cannot express', () => {
    expect(() => stringifyJson(undefined)).toThrow('JSON cannot express a undefined.');
    expect(() => stringifyJson(1n)).toThrow(TypeError);
  });
});

describe('ExactJson', () => {
  it('shows its text to whoever prints it', () => {
    expect(inspect(new ExactJson('1e400'))).toContain('1e400');
    expect(JSON.stringify({ n: new ExactJson('1e400') })).toBe('{"n":"1e400"}');
  });
});
