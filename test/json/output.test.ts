import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { JsonOutput, JsonSource, JsonText, OutputTooLong } from '../../src/json/index.ts';

const short = new JsonText('["é"]');
const longText = `["${'é'.repeat(80_000)}"]`;
const long = JsonText.slice(JsonSource.ofText(longText), 0, Buffer.byteLength(longText));

/** What is written, one after the other; nested pieces are an output that is appended. */
type Piece = string | JsonText | readonly Piece[];

const pieces: fc.Arbitrary<readonly Piece[]> = fc.letrec<{ pieces: Piece[]; piece: Piece }>(
  (tie) => ({
    pieces: fc.array(tie('piece'), { maxLength: 5 }),
    piece: fc.oneof(fc.string(), fc.constantFrom(short, long), tie('pieces')),
  }),
).pieces;

function write(output: JsonOutput, written: readonly Piece[]): string {
  let text = '';
  for (const piece of written) {
    if (typeof piece === 'string') {
      output.write(piece);
      text += piece;
    } else if (piece instanceof JsonText) {
      output.writeValue(piece);
      text += piece.text;
    } else {
      const other = new JsonOutput();
      text += write(other, piece);
      output.append(other);
    }
  }
  return text;
}

function bytesOf({ content }: JsonOutput): Buffer {
  return typeof content === 'string' ? Buffer.from(content) : Buffer.concat(content);
}

describe('JsonOutput', () => {
  it('is what was written, as text and as bytes, however often it is asked', () => {
    fc.assert(
      fc.property(pieces, (written) => {
        const output = new JsonOutput();
        const text = write(output, written);
        for (let times = 0; times < 2; times += 1) {
          expect(bytesOf(output).equals(Buffer.from(text))).toBe(true);
          expect(output.toString() === Buffer.from(text).toString()).toBe(true);
        }
      }),
    );
  });

  it('forgets what was written since a mark', () => {
    fc.assert(
      fc.property(pieces, pieces, pieces, (before, forgotten, after) => {
        const output = new JsonOutput();
        let text = write(output, before);
        const mark = output.mark();
        write(output, forgotten);
        output.cutBack(mark);
        text += write(output, after);
        expect(bytesOf(output).equals(Buffer.from(text))).toBe(true);
        const same = new JsonOutput();
        write(same, [before, after]);
        expect(output.length).toBe(same.length);
      }),
    );
  });

  it('may be as long as it was told, and not longer', () => {
    fc.assert(
      fc.property(pieces, (written) => {
        const output = new JsonOutput();
        write(output, written);
        const { length } = output;
        const full = new JsonOutput(length);
        write(full, written);
        expect(bytesOf(full).equals(bytesOf(output))).toBe(true);
        if (length > 0)
          expect(() => write(new JsonOutput(length - 1), written)).toThrow(OutputTooLong);
      }),
    );
  });

  it('keeps long values as the bytes that they came in', () => {
    const output = new JsonOutput();
    write(output, ['{"a":', long, '}']);
    expect(output.content).toHaveLength(3);
    expect(output.content[1]).toBe(long.longBytes);
  });
});
