import type { JsonText } from './json-text.ts';
import { canonicalNumber, doubleHolds } from './number.ts';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  LETTER_F,
  LETTER_N,
  LETTER_T,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  endOfString,
  endOfValue,
  skipSpace,
} from './scanner.ts';
import type { JsonSource } from './source.ts';

/**
 * Returns the canonical form of a value, in UTF-8: without white space, strings and numbers each in one
 * form, members sorted by key in code unit order. Two values have the same canonical form exactly if
 * they are equal apart from the order of members.
 *
 * Recursive: the value must not nest thousands of levels deep.
 */
export function canonicalJson({ source }: JsonText): Buffer {
  return new CanonicalText(source).write();
}

/**
 * Writes the text in one pass over the source. It creates no JavaScript values but copies bytes, because
 * most stored values are canonical already or only need another order of members.
 */
class CanonicalText {
  readonly #source: JsonSource;
  readonly #bytes: Buffer;
  #text: Buffer;
  /** How many bytes of the text are written. */
  #written = 0;
  /** Where the bytes of the source begin that are not copied yet. */
  #run = 0;
  /** The index of the next backslash in the source; the length of the source where there is none. */
  #backslash = 0;
  /** A stack with the members of all open objects. The objects in it are reused. */
  readonly #members: Member[] = [];
  #memberCount = 0;
  /** A copy of the members that are being sorted. */
  #unsorted = Buffer.alloc(0);

  constructor(source: JsonSource) {
    this.#source = source;
    this.#bytes = source.bytes;
    this.#text = Buffer.allocUnsafe(source.bytes.length);
    this.#findBackslash(0);
  }

  write(): Buffer {
    this.#copyUpTo(this.#value(this.#skipSpace(0)));
    return this.#text.subarray(0, this.#written);
  }

  /** Writes the value at `i`, or leaves it to be copied later. Returns the index after it. */
  #value(i: number): number {
    const bytes = this.#bytes;
    switch (bytes[i] ?? 0) {
      case OPEN_BRACE:
        return this.#object(i);
      case OPEN_BRACKET:
        return this.#array(i);
      case QUOTE:
        return this.#string(i, endOfString(bytes, i));
      case LETTER_T:
      case LETTER_F:
      case LETTER_N:
        return endOfValue(bytes, i);
      default:
        return this.#number(i);
    }
  }

  #array(i: number): number {
    const bytes = this.#bytes;
    i = this.#skipSpace(i + 1);
    if (bytes[i] === CLOSE_BRACKET) return i + 1;
    for (;;) {
      i = this.#skipSpace(this.#value(i));
      if (bytes[i] !== COMMA) return i + 1;
      i = this.#skipSpace(i + 1);
    }
  }

  #object(i: number): number {
    const bytes = this.#bytes;
    i = this.#skipSpace(i + 1);
    if (bytes[i] === CLOSE_BRACE) return i + 1;
    const first = this.#memberCount;
    let isSorted = true;
    let before: Member | null = null;
    for (;;) {
      const member = this.#member(i, endOfString(bytes, i));
      isSorted &&= before === null || compareKeys(before, member, this.#source) < 0;
      before = member;
      // White space may stand on both sides of the colon.
      i = this.#skipSpace(this.#string(i, member.keyEnd));
      i = this.#value(this.#skipSpace(i + 1));
      member.to = this.#textIndexOf(i);
      i = this.#skipSpace(i);
      if (bytes[i] !== COMMA) break;
      i = this.#skipSpace(i + 1);
    }
    if (!isSorted) {
      this.#copyUpTo(i);
      this.#sort(this.#members.slice(first, this.#memberCount));
    }
    this.#memberCount = first;
    return i + 1;
  }

  #member(key: number, keyEnd: number): Member {
    const member = (this.#members[this.#memberCount++] ??= new Member());
    member.key = key;
    member.keyEnd = keyEnd;
    member.from = this.#textIndexOf(key);
    return member;
  }

  /** Sorts these members, which are the last ones in the text. */
  #sort(members: readonly Member[]): void {
    const text = this.#text;
    const start = members[0]?.from ?? 0;
    const length = this.#written - start;
    if (this.#unsorted.length < length) this.#unsorted = Buffer.allocUnsafe(text.length);
    copyBytes(text, start, this.#written, this.#unsorted, 0);
    let at = start;
    for (const { from, to } of inOrder(members, this.#source)) {
      if (at > start) text[at++] = COMMA;
      copyBytes(this.#unsorted, from - start, to - start, text, at);
      at += to - from;
    }
    this.#written = at;
  }

  /** Writes the string from `from` to before `to`. Returns `to`. */
  #string(from: number, to: number): number {
    if (this.#backslash >= to) return to;
    const bytes = this.#bytes;
    let i = this.#backslash;
    while (i < to) {
      if (bytes[i] !== BACKSLASH) i += 1;
      else if (KEPT_ESCAPE[bytes[i + 1] ?? 0] === 1) i += 2;
      else break;
    }
    if (i < to) this.#replace(from, to, JSON.stringify(this.#source.string(from, to)));
    this.#findBackslash(to);
    return to;
  }

  /** Writes the number at `from`, in JavaScript's form where a double holds it. Returns the index after it. */
  #number(from: number): number {
    const bytes = this.#bytes;
    let to = from;
    while (IN_NUMBER[bytes[to] ?? 0] === 1) to++;
    if (isPlain(bytes, from, to)) return to;
    const text = this.#source.slice(from, to);
    const written = String(Number(text));
    if (written !== text) {
      this.#replace(from, to, doubleHolds(text) ? written : canonicalNumber(text));
    }
    return to;
  }

  /** Leaves out the white space at `i`. Returns the index after it. */
  #skipSpace(i: number): number {
    const end = skipSpace(this.#bytes, i);
    if (end > i) {
      this.#copyUpTo(i);
      this.#run = end;
    }
    return end;
  }

  #replace(from: number, to: number, text: string): void {
    this.#copyUpTo(from);
    this.#makeRoom(Buffer.byteLength(text));
    this.#written += this.#text.write(text, this.#written);
    this.#run = to;
  }

  #copyUpTo(end: number): void {
    const start = this.#run;
    this.#makeRoom(end - start);
    copyBytes(this.#bytes, start, end, this.#text, this.#written);
    this.#written += end - start;
    this.#run = end;
  }

  /** Returns the index in the text of the source's byte at `i`, which is still to be copied. */
  #textIndexOf(i: number): number {
    return this.#written + i - this.#run;
  }

  #makeRoom(length: number): void {
    if (this.#written + length <= this.#text.length) return;
    const larger = Buffer.allocUnsafe(2 * this.#text.length + length);
    this.#text.copy(larger, 0, 0, this.#written);
    this.#text = larger;
  }

  #findBackslash(from: number): void {
    const at = this.#bytes.indexOf(BACKSLASH, from);
    this.#backslash = at < 0 ? this.#bytes.length : at;
  }
}

/** A member of an object: the place of its key in the source, and its own place in the text. */
class Member {
  key = 0;
  keyEnd = 0;
  from = 0;
  to = 0;
}

/** Sorts members by the code units of their keys. Of members with the same key the last one counts. */
function inOrder(members: readonly Member[], source: JsonSource): readonly Member[] {
  if (members.length > 16) {
    const byName = new Map(members.map((each) => [source.string(each.key, each.keyEnd), each]));
    const names = [...byName.keys()].sort();
    return names.flatMap((name) => byName.get(name) ?? []);
  }
  // Most objects have few members, for which decoding the names would take longer than the rest.
  const ordered: Member[] = [];
  for (const member of members) {
    let k = ordered.length;
    let order = -1;
    for (; k > 0; k--) {
      order = compareKeys(ordered[k - 1] ?? member, member, source);
      if (order <= 0) break;
    }
    if (k > 0 && order === 0) ordered[k - 1] = member;
    else ordered.splice(k, 0, member);
  }
  return ordered;
}

function compareKeys(one: Member, other: Member, source: JsonSource): number {
  const { bytes } = source;
  for (let i = 1; ; i++) {
    const a = bytes[one.key + i] ?? 0;
    const b = bytes[other.key + i] ?? 0;
    if (isUnclear(a) || isUnclear(b)) break;
    if (a === QUOTE || b === QUOTE) return a === b ? 0 : a === QUOTE ? -1 : 1;
    if (a !== b) return a - b;
  }
  const name = source.string(one.key, one.keyEnd);
  const otherName = source.string(other.key, other.keyEnd);
  return name < otherName ? -1 : name > otherName ? 1 : 0;
}

/** Whether a byte does not decide the order: escapes, and beyond U+FFFF, where UTF-8 and UTF-16 differ. */
function isUnclear(byte: number): boolean {
  return byte === BACKSLASH || byte >= 0xf0;
}

/** Whether JavaScript writes the number the same: no exponent, at most 15 digits, no redundant zeros. */
function isPlain(bytes: Uint8Array, from: number, to: number): boolean {
  const isNegative = bytes[from] === 0x2d; /* - */
  const start = isNegative ? from + 1 : from;
  if (to - start > 16) return false;
  let point = -1;
  for (let i = start; i < to; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === 0x2e /* . */) point = i;
    else if (byte < ZERO || byte > NINE) return false;
  }
  if (point < 0) return to - start < 16 && !(isNegative && bytes[start] === ZERO);
  // JavaScript writes numbers below a millionth with an exponent.
  const isSmall = bytes[start] === ZERO && bytes[point + 1] === ZERO;
  return bytes[to - 1] !== ZERO && !isSmall;
}

const ZERO = 0x30;
const NINE = 0x39;

/** The characters after a backslash in escapes that JSON.stringify writes the same. */
const KEPT_ESCAPE = tableOf('"\\bfnrt');
const IN_NUMBER = tableOf('0123456789+-.eE');

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of Buffer.from(characters)) table[byte] = 1;
  return table;
}

function copyBytes(from: Buffer, start: number, end: number, to: Buffer, at: number): void {
  // A call of `copy` takes about as long as copying a hundred bytes one by one.
  if (end - start > 128) from.copy(to, at, start, end);
  else for (let i = start; i < end; i++) to[at++] = from[i] ?? 0;
}
