import { inspect } from 'node:util';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { JsonSource, JsonText, jsonText, quoteJson, writeJson } from '../../src/json/index.ts';

describe('writeJson', () => {
  it('writes plain values as JSON.stringify does', () => {
    const value = { a: [1, 'x', null, { b: true }], c: undefined, d: new Date(0) };
    expect(writeJson(value)).toBe(JSON.stringify(value));
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary', noUnicodeString: false }), (any) => {
        expect(writeJson(any)).toBe(JSON.stringify(any));
      }),
    );
  });

  it('writes nothing and holes in an array as null', () => {
    const holed = [1];
    holed[2] = 3;
    expect(writeJson([undefined, holed])).toBe('[null,[1,null,3]]');
    expect(writeJson([NaN, -0, Infinity])).toBe('[null,0,null]');
  });

  it('writes texts verbatim, at any depth and in order', () => {
    const first = new JsonText('{"10": 1, "2":2}');
    const second = new JsonText('1e400');
    expect(writeJson({ a: first, b: [second, first], c: 'x' })).toBe(
      '{"a":{"10": 1, "2":2},"b":[1e400,{"10": 1, "2":2}],"c":"x"}',
    );
    expect(writeJson(second)).toBe('1e400');
  });

  it('writes a text that looks like a replacement pattern', () => {
    expect(writeJson([new JsonText('"$&$1$$"')])).toBe('["$&$1$$"]');
  });

  it('takes what a toJSON method made of a text for the string that it is', () => {
    let seen = '';
    const spy = {
      exact: new JsonText('1e400'),
      toJSON() {
        seen = this.exact.toJSON();
        return seen;
      },
    };
    expect(writeJson(spy)).toBe('"1e400"');
    expect(writeJson([seen, new JsonText('2e400'), `"${seen}"`])).toBe(
      `["${seen}",2e400,"\\"${seen}\\""]`,
    );
  });

  it('writes a text that a toJSON method returns', () => {
    expect(writeJson([{ toJSON: () => [new JsonText('1e400')] }])).toBe('[[1e400]]');
  });

  it('writes the others in their places when a toJSON method drops a text', () => {
    const thief = {
      toJSON() {
        new JsonText('1').toJSON();
        return 'stolen';
      },
    };
    expect(writeJson([thief, new JsonText('2')])).toBe('["stolen",2]');
  });

  it('can be called from a toJSON method', () => {
    const nested = { toJSON: () => writeJson({ n: new JsonText('1e400') }) };
    expect(writeJson([new JsonText('1.50'), nested, new JsonText('2.50')])).toBe(
      '[1.50,"{\\"n\\":1e400}",2.50]',
    );
  });

  it('recovers from a throw half-way', () => {
    const bad = {
      toJSON() {
        throw new RangeError('half-way');
      },
    };
    expect(() => writeJson([new JsonText('1'), bad])).toThrow('half-way');
    expect(JSON.stringify(new JsonText('1e400'))).toBe('"1e400"');
    expect(writeJson([new JsonText('1e400')])).toBe('[1e400]');
  });

  it('refuses what JSON cannot express', () => {
    expect(() => writeJson(undefined)).toThrow('JSON cannot express a undefined.');
    expect(() => writeJson(1n)).toThrow(TypeError);
    expect(() => writeJson({ a: [() => 1] })).toThrow(TypeError);
  });
});

describe('quoteJson', () => {
  it('quotes any string as JSON.stringify does', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\ud800', '"', '\\', '\n')),
        ),
        (parts) => {
          const text = parts.join('');
          expect(quoteJson(text)).toBe(JSON.stringify(text));
        },
      ),
    );
  });
});

describe('jsonText', () => {
  it('gives the text of plain values, and of values around texts', () => {
    expect(jsonText({ b: [1, 'x'], a: null }).text).toBe('{"b":[1,"x"],"a":null}');
    expect(jsonText([new JsonText('1.0')]).text).toBe('[1.0]');
    expect(jsonText('"').text).toBe('"\\""');
  });

  it('gives back the text that it is given', () => {
    const text = new JsonText('1.0');
    expect(jsonText(text)).toBe(text);
  });
});

describe('JsonText', () => {
  it('shows its text to whoever prints it', () => {
    expect(inspect(new JsonText('1e400'))).toContain('1e400');
    expect(JSON.stringify({ n: new JsonText('1e400') })).toBe('{"n":"1e400"}');
  });

  it.each(['["é"]', '["e"]', `["${'é'.repeat(80_000)}"]`, `["${'e'.repeat(80_000)}"]`])(
    'is the same, cut out of bytes: %.10s',
    (text) => {
      const source = JsonSource.ofText(`{"a": ${text}}`);
      const json = JsonText.slice(source, 6, source.bytes.length - 1, 1);
      expect(json.text === text).toBe(true);
      expect(json.withinDepth).toBe(1);
      expect(json.first).toBe('[');
      expect(json.source.bytes.equals(Buffer.from(text))).toBe(true);
      expect(json.longBytes?.length ?? 0).toBe(text.length > 10_000 ? Buffer.byteLength(text) : 0);
    },
  );
});
