import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { JsonText, jsonText, mergePatch, parseJson } from '../../src/json/index.ts';
import { jsonTextsEqual } from '../support/json-equality.ts';
import { jsonText as anyText, numberText } from '../support/json-texts.ts';
import { isObject, readTree, writeTree, type Tree } from './ordered-tree.ts';

function merge(stored: string | null, patch: string): string {
  const target = stored === null ? null : new JsonText(stored);
  return mergePatch(target, new JsonText(patch)).text;
}

/** RFC 7396, section 2, as it is written there. */
function mergeValue(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged = new Map<string, unknown>(isRecord(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergeValue(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same on values that keep their digits and the order of members. */
function mergeTree(target: Tree | undefined, patch: Tree): Tree {
  if (!isObject(patch)) return patch;
  const merged = new Map(target !== undefined && isObject(target) ? target : []);
  for (const [name, value] of patch) {
    if (value === 'null') merged.delete(name);
    else merged.set(name, mergeTree(merged.get(name), value));
  }
  return merged;
}

/** Objects within objects of few keys, so that patches meet what is stored. */
const mergeable: fc.Arbitrary<string> = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom('null', 'null', 'true', '"é"', '"\\ud800"', '[]', '[{"a":null}]', '{}'),
    numberText,
    tie('object'),
  ),
  object: fc
    .tuple(
      fc.constantFrom('', ' ', '\n'),
      fc.uniqueArray(
        fc.tuple(
          fc.constantFrom('a', 'b', '10', '9', '__proto__', 'é'),
          fc.boolean(),
          tie('value'),
        ),
        { maxLength: 5, selector: ([key]) => key },
      ),
    )
    .map(([gap, members]) => {
      const texts = members.map(([key, isEscaped, value]) => {
        const name = isEscaped ? key.replace(/[ab_]/, escapeUnit) : key;
        return `${gap}"${name}"${gap}:${gap}${value}`;
      });
      return `{${texts.join(`${gap},`)}${gap}}`;
    }),
})).value;

const escapeUnit = (unit: string) => `\\u00${unit.charCodeAt(0).toString(16)}`;

describe('mergePatch', () => {
  it('merges plain values as RFC 7396 says', () => {
    fc.assert(
      fc.property(mergeable, mergeable, (stored, patch) => {
        const expected = mergeValue(JSON.parse(stored), JSON.parse(patch));
        expect(JSON.parse(merge(stored, patch))).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['made to meet', mergeable],
    ['of any kind', anyText],
  ])('merges to the digit and in place: texts %s', (_, text) => {
    fc.assert(
      fc.property(text, text, (stored, patch) => {
        const expected = writeTree(mergeTree(readTree(stored), readTree(patch)));
        expect(jsonTextsEqual(merge(stored, patch), expected)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('gives nothing stored what it gives an object without members', () => {
    fc.assert(
      fc.property(mergeable, (patch) => {
        expect(merge(null, patch)).toBe(merge('{}', patch));
        expect(merge('[1]', patch)).toBe(merge('{}', patch));
        expect(merge('null', patch)).toBe(merge('{}', patch));
      }),
    );
  });

  // RFC 7396, appendix A.
  it.each([
    ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
    ['{"a":"b"}', '{"a":null}', '{}'],
    ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
    ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
    ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
    ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
    ['["a","b"]', '["c","d"]', '["c","d"]'],
    ['{"a":"b"}', '["c"]', '["c"]'],
    ['{"a":"foo"}', 'null', 'null'],
    ['{"a":"foo"}', '"bar"', '"bar"'],
    ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
    ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
    ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ])('merges %s and %s to %s', (stored, patch, result) => {
    expect(merge(stored, patch)).toBe(result);
  });

  it('leaves what it does not touch as it was written, in its place', () => {
    const stored =
      ' { "10": 1.50 , "z" :[ 1e999999999, "\\u00e9" ], "2":{"b":-0.0,"a":{}} , "\\u0061":9007199254740993 }';
    expect(merge(stored, '{"2":{"a":null,"c":1e400},"new":"é"}')).toBe(
      '{"10": 1.50,"z" :[ 1e999999999, "\\u00e9" ],"2":{"b":-0.0,"c":1e400},"\\u0061":9007199254740993,"new":"é"}',
    );
    expect(merge(stored, '{"a":1.0,"z":null}')).toBe(
      '{"10": 1.50,"2":{"b":-0.0,"a":{}},"\\u0061":1.0}',
    );
  });

  it('treats __proto__ as a key like any other', () => {
    expect(merge('{"__proto__":{"a":1}}', '{"__proto__":{"b":2},"constructor":null}')).toBe(
      '{"__proto__":{"a":1,"b":2}}',
    );
  });

  it('takes the last of members with the same key', () => {
    expect(merge('{"a":1,"b":2,"a":{"c":3}}', '{"a":0,"a":{"d":4}}')).toBe(
      '{"a":{"c":3,"d":4},"b":2}',
    );
    expect(merge('{"a":1,"a":2}', '{"a":null}')).toBe('{}');
  });

  it('takes values out of a parsed request', () => {
    const patch = jsonText((parseJson('{"patch":{"n":1.0}}') as { patch: unknown }).patch);
    expect(mergePatch(new JsonText('{"m":2.0}'), patch).text).toBe('{"m":2.0,"n":1.0}');
  });

  it('knows how deep the result nests at most where that is known of both', () => {
    const withinDepth = (stored: JsonText | null, patch: JsonText) =>
      mergePatch(stored, patch).withinDepth;
    expect(withinDepth(new JsonText('{"a":{}}', 2), new JsonText('{"a":{"b":[]}}', 3))).toBe(3);
    expect(withinDepth(new JsonText('{"a":{}}', 2), new JsonText('{"b":1}', 1))).toBe(2);
    expect(withinDepth(null, new JsonText('{"b":1}', 1))).toBe(1);
    expect(withinDepth(new JsonText('{}'), new JsonText('{}', 1))).toBe(Infinity);
  });

  it('takes time in proportion to the texts however deep they nest', () => {
    const nest = (inside: string) => `${'{"a":'.repeat(126)}${inside}${'}'.repeat(126)}`;
    const many = (key: string) =>
      nest(`{${Array.from({ length: 20_000 }, (_, i) => `"${key}${i}":${i}`).join()}}`);
    const started = performance.now();
    merge(many('a'), many('b'));
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

it('takes time in proportion to its texts, however often a stored key is repeated', () => {
  const stored = new JsonText(`{${Array(20_000).fill('"a":1').join(',')}}`);
  const patch = new JsonText(
    `{"a":{${Array.from({ length: 1_000 }, (_, i) => `"k${i}":${i}`).join(',')}}}`,
  );
  expect(mergePatch(stored, patch).text).toBe(patch.text);
});
