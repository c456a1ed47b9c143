import { isUtf8 } from 'node:buffer';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { INVALID, TOO_DEEP, endOfString, endOfValue, skipSpace } from '../../src/json/scanner.ts';
import { jsonText } from '../support/json-texts.ts';
import { mutatedText } from './mutated-text.ts';
import { depthOf, readTree } from './ordered-tree.ts';

/** Whether the bytes are one JSON value, with white space around it. */
function scans(bytes: Uint8Array): boolean {
  const end = endOfValue(bytes, 0);
  return end >= 0 && skipSpace(bytes, end) === bytes.length;
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Bytes that JSON gives a meaning to, much more often than others. */
const byte = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...Buffer.from('{}[]:,"\\/eEu+-.019 \n\ttrue')) },
  { weight: 1, arbitrary: fc.nat({ max: 255 }) },
);

describe('endOfValue', () => {
  it('passes over any JSON text, and stops where it ends', () => {
    fc.assert(
      fc.property(
        jsonText,
        fc.constantFrom('', ' ', '\r\n\t', 'x"é'),
        fc.constantFrom('', ' ', ',', ']', '}', '"', '\n\u2028'),
        (text, before, after) => {
          const bytes = Buffer.from(before + text + after);
          const start = Buffer.byteLength(before);
          const from = before.endsWith('é') ? start : 0;
          expect(endOfValue(bytes, from)).toBe(start + Buffer.byteLength(text));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('accepts and refuses what JSON.parse does: texts with one place changed', () => {
    fc.assert(
      fc.property(mutatedText, (text) => {
        expect(scans(Buffer.from(text))).toBe(parses(text));
      }),
      { numRuns: 5000 },
    );
  });

  it('accepts and refuses what JSON.parse does: any bytes', () => {
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 12 }), (values) => {
        const bytes = Buffer.from(values);
        fc.pre(isUtf8(bytes));
        expect(scans(bytes)).toBe(parses(bytes.toString()));
      }),
      { numRuns: 10_000 },
    );
  });

  it('accepts and refuses what JSON.parse does: every single byte, alone and in a string', () => {
    for (let code = 0; code < 0x80; code++) {
      const character = String.fromCharCode(code);
      for (const text of [
        character,
        `"${character}"`,
        `"\\${character}"`,
        `"\\u00${character}0"`,
      ]) {
        expect(scans(Buffer.from(text)), JSON.stringify(text)).toBe(parses(text));
      }
    }
  });

  it.each([
    '',
    ' ',
    '-',
    '01',
    '-01',
    '1.',
    '.5',
    '1e',
    '1e+',
    '+1',
    '0x1',
    'NaN',
    'Infinity',
    'tru',
    'nul',
    'truee',
    '"',
    '"\\"',
    '"\\u12"',
    '"\\u12g4"',
    '"\t"',
    "'a'",
    '[',
    '[1,]',
    '[,1]',
    '[1 2]',
    '[1}',
    '{',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{a:1}',
    '{"a":1]',
    '{1:1}',
    '\ufeff1',
    '1\u00a0',
    '[1]]',
    '/**/1',
  ])('refuses %j', (text) => {
    expect(parses(text)).toBe(false);
    expect(scans(Buffer.from(text))).toBe(false);
  });

  it('counts levels as they nest', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const bytes = Buffer.from(text);
        const depth = depthOf(readTree(text));
        expect(endOfValue(bytes, 0, depth)).toBe(bytes.length);
        if (depth > 0) expect(endOfValue(bytes, 0, depth - 1)).toBe(TOO_DEEP);
      }),
    );
  });

  it.each([0, 1, 128, 255, 256, 257, 1000, 20_000])('tells %i levels from one more', (depth) => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const nest = (levels: number) =>
        Buffer.from(`${open.repeat(levels)}1${close.repeat(levels)}`);
      expect(endOfValue(nest(depth), 0, depth)).toBe(nest(depth).length);
      expect(endOfValue(nest(depth + 1), 0, depth)).toBe(TOO_DEEP);
      expect(endOfValue(nest(depth), 0)).toBe(nest(depth).length);
      // The first bracket to close is one of the other kind.
      const wrong = nest(depth);
      if (depth > 0) wrong[wrong.length - depth] = open === '[' ? 0x7d : 0x5d;
      expect(endOfValue(wrong, 0)).toBe(depth > 0 ? INVALID : 1);
    }
  });
});

describe('endOfString', () => {
  it('finds the closing quote of a string', () => {
    expect(endOfString(Buffer.from('["a\\"\\\\",1]'), 1)).toBe(8);
    expect(endOfString(Buffer.from('"é"'), 0)).toBe(4);
    expect(endOfString(Buffer.from('"abc'), 0)).toBe(INVALID);
  });
});
