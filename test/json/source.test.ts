import { isUtf8 } from 'node:buffer';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  JsonSource,
  copyText,
  endOfValue,
  hasEscape,
  keyIs,
  keyOf,
  readItems,
  readMembers,
} from '../../src/json/index.ts';
import { INVALID } from '../../src/json/scanner.ts';
import { jsonTextsEqual } from '../support/json-equality.ts';
import { jsonText } from '../support/json-texts.ts';
import { mutatedText } from './mutated-text.ts';

function sourceOf(bytes: Uint8Array): JsonSource {
  const source = JsonSource.of(bytes);
  if (source === null) throw new TypeError('The bytes are not UTF-8.');
  return source;
}

/** The members of an object or the items of an array as they stand in the text. */
interface Visited {
  readonly keys: string[];
  readonly values: string[];
}

function visitMember(
  source: JsonSource,
  { keys, values }: Visited,
  from: number,
  to: number,
  at: number,
): number {
  const end = endOfValue(source.bytes, at);
  if (end < 0) return end;
  keys.push(source.string(from - 1, to + 1));
  values.push(source.slice(at, end));
  return end;
}

function visitItem(source: JsonSource, { values }: Visited, at: number): number {
  const end = endOfValue(source.bytes, at);
  if (end >= 0) values.push(source.slice(at, end).trim());
  return end;
}

const ascii = fc.string({ unit: 'binary-ascii' });
const any = fc.oneof(ascii, fc.string({ unit: 'binary' }));

describe('JsonSource', () => {
  it('gives back what stands in the bytes, ASCII or not', () => {
    fc.assert(
      fc.property(any, any, any, (before, text, after) => {
        fc.pre([before, text, after].every((part) => part.isWellFormed()));
        const source = sourceOf(Buffer.from(before + text + after));
        const from = Buffer.byteLength(before);
        expect(source.slice(from, from + Buffer.byteLength(text))).toBe(text);
      }),
    );
  });

  it('takes any view of bytes, and its offsets are those of the view', () => {
    const view = new Uint8Array(Buffer.from('xx{"é":1}yy')).subarray(2, 10);
    expect(sourceOf(view).slice(0, 8)).toBe('{"é":1}');
    expect(sourceOf(view.subarray(0, 2)).ascii).toBe(true);
  });

  it('takes UTF-8 and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6 }), (bytes) => {
        expect(JsonSource.of(bytes) !== null).toBe(isUtf8(bytes));
      }),
      { numRuns: 1000 },
    );
    expect(JsonSource.of(Buffer.from([0xff]))).toBeNull();
    // A surrogate, an overlong slash, and a character that is cut short.
    for (const hex of ['eda080', 'c0af', 'c3']) {
      expect(JsonSource.of(Buffer.from(hex, 'hex'))).toBeNull();
    }
  });

  it('reads strings as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), any, fc.boolean(), (_, text, isEscaped) => {
        const written = JSON.stringify(text);
        const token = isEscaped ? written.replace(/[a-z]/g, '\\u0061') : written;
        const source = sourceOf(Buffer.from(`[${token}]`));
        const to = source.bytes.length - 1;
        expect(source.string(1, to)).toBe(JSON.parse(token));
        expect(hasEscape(source.bytes, 1, to)).toBe(token.includes('\\'));
      }),
    );
  });

  it('means what a text means, lone surrogates included', () => {
    fc.assert(
      fc.property(
        jsonText,
        fc.constantFrom('', '\ud800', '\udfff\ud83d', '\\\\\udc00'),
        (text, lone) => {
          const whole = `["${lone}",${text}]`;
          const source = JsonSource.ofText(whole);
          const end = endOfValue(source.bytes, 0);
          expect(end).toBe(source.bytes.length);
          expect(jsonTextsEqual(source.slice(0, end), whole)).toBe(true);
        },
      ),
    );
  });
});

describe('readMembers', () => {
  it('visits the members that JSON.parse sees, in order', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const source = JsonSource.ofText(text);
        const visited: Visited = { keys: [], values: [] };
        const end = readMembers(source, 0, visited, visitMember);
        if (!text.startsWith('{')) {
          expect(end).toBe(INVALID);
          return;
        }
        expect(end).toBe(source.bytes.length);
        const { keys, values } = visited;
        expect(keys.toSorted()).toEqual(Object.keys(JSON.parse(text) as object).toSorted());
        const members = keys.map((key, i) => `${JSON.stringify(key)}:${values[i] ?? ''}`);
        expect(jsonTextsEqual(`{${members.join()}}`, text)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('visits members with one key one after the other', () => {
    const visited: Visited = { keys: [], values: [] };
    readMembers(JsonSource.ofText(' { "a":1, "\\u0061" : [2] }'), 0, visited, visitMember);
    expect(visited).toEqual({ keys: ['a', 'a'], values: ['1', '[2]'] });
  });

  it('accepts and refuses what the scanner does', () => {
    fc.assert(
      fc.property(mutatedText, (text) => {
        const object = `{"a":1,${text}`;
        const source = sourceOf(Buffer.from(object));
        const end = readMembers(source, 0, { keys: [], values: [] }, visitMember);
        expect(end).toBe(endOfValue(source.bytes, 0));
      }),
      { numRuns: 2000 },
    );
  });

  it('ends with the negative number that a visit returns', () => {
    const seen: number[] = [];
    const end = readMembers(JsonSource.ofText('{"a":1,"b":2,"c":3}'), 0, seen, (_, into, from) => {
      into.push(from);
      return into.length === 2 ? -7 : from + 4;
    });
    expect(end).toBe(-7);
    expect(seen).toEqual([2, 8]);
  });
});

describe('readItems', () => {
  it('visits the items that JSON.parse sees, in order', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const source = JsonSource.ofText(text);
        const visited: Visited = { keys: [], values: [] };
        const end = readItems(source, 0, visited, visitItem);
        if (!text.startsWith('[')) {
          expect(end).toBe(INVALID);
          return;
        }
        expect(end).toBe(source.bytes.length);
        expect(visited.values).toHaveLength((JSON.parse(text) as unknown[]).length);
        expect(jsonTextsEqual(`[${visited.values.join()}]`, text)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('accepts and refuses what the scanner does', () => {
    fc.assert(
      fc.property(mutatedText, (text) => {
        const source = sourceOf(Buffer.from(`[1,${text}`));
        const end = readItems(source, 0, { keys: [], values: [] }, visitItem);
        expect(end).toBe(endOfValue(source.bytes, 0));
      }),
      { numRuns: 2000 },
    );
  });

  it('ends with the negative number that a visit returns', () => {
    const seen: number[] = [];
    const end = readItems(JsonSource.ofText('[1,2,3]'), 0, seen, (_, into, at) => {
      into.push(at);
      return into.length === 2 ? -7 : at + 1;
    });
    expect(end).toBe(-7);
    expect(seen).toEqual([1, 3]);
  });
});

describe('keyIs', () => {
  it('compares a key that is written without escapes', () => {
    const { bytes } = JsonSource.ofText('{"clé":1}');
    expect(keyIs(bytes, 2, 6, keyOf('clé'))).toBe(true);
    expect(keyIs(bytes, 2, 6, keyOf('clè'))).toBe(false);
    expect(keyIs(bytes, 2, 6, keyOf('cl'))).toBe(false);
  });
});

describe('copyText', () => {
  it('gives back the same text', () => {
    expect(copyText('{"id":"é\u{1f600}"}'.slice(1, 8))).toBe('"id":"é');
  });
});
