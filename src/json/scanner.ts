/**
 * A strict scanner of JSON (RFC 8259) in valid UTF-8: it accepts exactly what JSON.parse accepts. It
 * creates no values, which makes it fast, and does not recurse, so that no depth overflows the stack.
 * All indices are offsets of bytes.
 */

/** Returned instead of an index: there is no valid JSON value. */
export const INVALID = -1;
/** Returned instead of an index: arrays and objects nest deeper than allowed. */
export const TOO_DEEP = -2;

/** The first bytes of strings, objects, arrays, true, false and null; any other value is a number. */
export const QUOTE = 0x22;
export const OPEN_BRACE = 0x7b;
export const OPEN_BRACKET = 0x5b;
export const LETTER_T = 0x74;
export const LETTER_F = 0x66;
export const LETTER_N = 0x6e;

/** Other characters of the syntax. */
export const CLOSE_BRACE = 0x7d;
export const CLOSE_BRACKET = 0x5d;
export const COMMA = 0x2c;
export const BACKSLASH = 0x5c;
const COLON = 0x3a;
const SPACE = 0x20;
const LETTER_U = 0x75;

const tableOf = (includes: (byte: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, byte) => (includes(byte) ? 1 : 0));
const tableOfCharacters = (characters: string): Uint8Array =>
  tableOf((byte) => characters.includes(String.fromCharCode(byte)));

/** Bytes that represent themselves in a string, including those of characters beyond ASCII. */
const PLAIN = tableOf((byte) => byte >= SPACE && byte !== QUOTE && byte !== BACKSLASH);
const DIGIT = tableOfCharacters('0123456789');
const HEX_DIGIT = tableOfCharacters('0123456789abcdefABCDEF');
const SHORT_ESCAPE = tableOfCharacters('"\\/bfnrt');

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');

/**
 * Returns the byte at `i`; beyond the end 0, which no JSON contains. The comparison makes this fast: V8
 * takes twice as long for a load that was ever out of bounds.
 */
function byteAt(bytes: Uint8Array, i: number): number {
  return i < bytes.length ? (bytes[i] ?? 0) : 0;
}

/** Whether the byte at `i`, which must be within the bounds, is in the table. */
function isIn(table: Uint8Array, bytes: Uint8Array, i: number): boolean {
  return table[bytes[i] ?? 0] === 1;
}

/** Returns the index of the first byte from `i` on that is not whitespace. */
export function skipSpace(bytes: Uint8Array, i: number): number {
  for (;;) {
    const byte = byteAt(bytes, i);
    if (byte !== SPACE && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return i;
    i++;
  }
}

/** Returns the index after the string with its opening quote at `i`, or {@link INVALID}. */
export function endOfString(bytes: Uint8Array, i: number): number {
  i = endOfPlain(bytes, i + 1);
  return byteAt(bytes, i) === QUOTE ? i + 1 : endOfEscapedString(bytes, i);
}

/** Skips plain bytes, four at a time with one check of the bounds: most bytes of a body are plain. */
function endOfPlain(bytes: Uint8Array, i: number): number {
  const { length } = bytes;
  while (
    i + 4 <= length &&
    isIn(PLAIN, bytes, i) &&
    isIn(PLAIN, bytes, i + 1) &&
    isIn(PLAIN, bytes, i + 2) &&
    isIn(PLAIN, bytes, i + 3)
  ) {
    i += 4;
  }
  while (i < length && isIn(PLAIN, bytes, i)) i++;
  return i;
}

/** Returns the index after a string whose rest begins at `i` with a byte that is not plain. */
function endOfEscapedString(bytes: Uint8Array, i: number): number {
  while (byteAt(bytes, i) === BACKSLASH) {
    i = endOfEscape(bytes, i);
    if (i < 0) return INVALID;
    i = endOfPlain(bytes, i);
  }
  return byteAt(bytes, i) === QUOTE ? i + 1 : INVALID;
}

function endOfEscape(bytes: Uint8Array, i: number): number {
  const kind = byteAt(bytes, i + 1);
  if (kind !== LETTER_U) return SHORT_ESCAPE[kind] === 1 ? i + 2 : INVALID;
  const end = i + 6;
  for (let k = i + 2; k < end; k++) if (HEX_DIGIT[byteAt(bytes, k)] !== 1) return INVALID;
  return end;
}

function endOfNumber(bytes: Uint8Array, i: number): number {
  if (byteAt(bytes, i) === 0x2d /* - */) i++;
  i = byteAt(bytes, i) === 0x30 /* 0 */ ? i + 1 : endOfDigits(bytes, i);
  if (i < 0) return INVALID;
  let byte = byteAt(bytes, i);
  if (byte === 0x2e /* . */) {
    i = endOfDigits(bytes, i + 1);
    if (i < 0) return INVALID;
    byte = byteAt(bytes, i);
  }
  if (byte !== 0x65 /* e */ && byte !== 0x45 /* E */) return i;
  const sign = byteAt(bytes, i + 1);
  return endOfDigits(bytes, sign === 0x2b /* + */ || sign === 0x2d /* - */ ? i + 2 : i + 1);
}

function endOfDigits(bytes: Uint8Array, i: number): number {
  const start = i;
  while (i < bytes.length && isIn(DIGIT, bytes, i)) i++;
  return i > start ? i : INVALID;
}

/** Returns the index after a number, true, false or null, which begins with the byte `first`. */
function endOfOther(bytes: Uint8Array, i: number, first: number): number {
  if (first <= 0x39 /* 9 */) return endOfNumber(bytes, i);
  const word = first === LETTER_T ? TRUE : first === LETTER_F ? FALSE : NULL;
  for (let k = 0; k < word.length; k++) if (byteAt(bytes, i + k) !== word[k]) return INVALID;
  return i + word.length;
}

/**
 * Returns the index of the value of a member whose key ends before `i`, after the colon and whitespace;
 * or {@link INVALID}.
 */
export function startOfMemberValue(bytes: Uint8Array, i: number): number {
  i = skipSpace(bytes, i);
  return byteAt(bytes, i) === COLON ? skipSpace(bytes, i + 1) : INVALID;
}

/** More levels than a body can have bytes. */
const ANY_DEPTH = 2 ** 30 - 1;

/** The closing brackets of the open arrays and objects. Shared; deeper values get a larger one. */
const STACK = new Uint8Array(256);

/**
 * Returns the index after the JSON value at `i`, which whitespace may precede; or {@link INVALID}; or
 * {@link TOO_DEEP} where arrays and objects nest deeper than `maxDepth` levels. A scalar has depth 0,
 * `[]` depth 1, `[[]]` depth 2.
 *
 * @param maxDepth - The maximum depth. @default unlimited
 */
export function endOfValue(bytes: Uint8Array, i: number, maxDepth = ANY_DEPTH): number {
  let stack: Uint8Array = STACK;
  let depth = 0;
  /** The closing bracket of the innermost open array or object. */
  let close = 0;
  /** Whether a key is required at `i`. */
  let isKey = false;
  next: for (;;) {
    // Checked inline, because a call at each place where whitespace is allowed takes a fifth longer.
    let byte = byteAt(bytes, i);
    if (byte <= SPACE) {
      i = skipSpace(bytes, i);
      byte = byteAt(bytes, i);
    }
    if (byte === QUOTE) {
      i = endOfString(bytes, i);
      if (isKey) {
        if (i > 0) i = byteAt(bytes, i) === COLON ? i + 1 : startOfMemberValue(bytes, i);
        if (i < 0) return INVALID;
        isKey = false;
        continue;
      }
    } else if (isKey) {
      return INVALID;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (depth === maxDepth) return TOO_DEEP;
      if (depth === stack.length) stack = enlarge(stack);
      close = byte === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET;
      stack[depth++] = close;
      i = skipSpace(bytes, i + 1);
      if (byteAt(bytes, i) !== close) {
        isKey = close === CLOSE_BRACE;
        continue;
      }
    } else {
      i = endOfOther(bytes, i, byte);
    }
    if (i < 0) return INVALID;
    while (depth > 0) {
      byte = byteAt(bytes, i);
      if (byte <= SPACE) {
        i = skipSpace(bytes, i);
        byte = byteAt(bytes, i);
      }
      i++;
      if (byte === COMMA) {
        isKey = close === CLOSE_BRACE;
        continue next;
      }
      if (byte !== close) return INVALID;
      depth--;
      close = depth > 0 ? (stack[depth - 1] ?? 0) : 0;
    }
    return i;
  }
}

function enlarge(stack: Uint8Array): Uint8Array {
  const larger = new Uint8Array(2 * stack.length);
  larger.set(stack);
  return larger;
}
