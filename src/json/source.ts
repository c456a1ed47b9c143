import { isAscii, isUtf8 } from 'node:buffer';

import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  INVALID,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  endOfString,
  skipSpace,
  startOfMemberValue,
} from './scanner.ts';

/** From how many bytes on JSON is long: to decode it and encode it again would cost too much. */
export const longFrom = 16 * 1024;

/**
 * Bytes of valid UTF-8 that are to be read as JSON, and what stands in them as text. All offsets
 * are of bytes. Where the bytes are ASCII, and not too many, they are decoded once, because the text
 * then has the same offsets; else each slice is decoded for itself.
 *
 * A slice of ASCII keeps the whole text alive: whoever keeps one for longer than the body, such as
 * a cache, calls {@link copyText}.
 */
export class JsonSource {
  readonly bytes: Buffer;
  readonly ascii: boolean;
  #text: string | null;

  private constructor(bytes: Buffer, ascii: boolean, text: string | null) {
    this.bytes = bytes;
    this.ascii = ascii;
    this.#text = text;
  }

  /** The bytes are not copied, and must not change. Null where they are not UTF-8. */
  static of(bytes: Uint8Array): JsonSource | null {
    const ascii = isAscii(bytes);
    if (!ascii && !isUtf8(bytes)) return null;
    const buffer = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new JsonSource(buffer, ascii, null);
  }

  /**
   * Of valid JSON: a lone surrogate, which UTF-8 cannot express, is replaced by its escape, and
   * that means the same wherever JSON has one.
   */
  static ofText(text: string): JsonSource {
    const bytes = Buffer.from(text);
    // UTF-8 takes one byte for a code unit of ASCII, and more for any other.
    if (bytes.length === text.length) return new JsonSource(bytes, true, text);
    return new JsonSource(
      text.isWellFormed() ? bytes : Buffer.from(text.replace(/\p{Surrogate}/gu, escapeUnit)),
      false,
      null,
    );
  }

  /** The text of the bytes from `from` to before `to`. */
  slice(from: number, to: number): string {
    if (!this.ascii) return this.bytes.toString('utf8', from, to);
    if (this.#text === null && this.bytes.length >= longFrom) {
      return this.bytes.toString('latin1', from, to);
    }
    return (this.#text ??= this.bytes.toString('latin1')).slice(from, to);
  }

  /** The bytes from `from` to before `to` as a source of their own, which keeps all of them alive. */
  part(from: number, to: number): JsonSource {
    return new JsonSource(this.bytes.subarray(from, to), this.ascii, null);
  }

  /** The value of the string that stands there, valid and with its quotes. */
  string(from: number, to: number): string {
    return hasEscape(this.bytes, from, to)
      ? (JSON.parse(this.slice(from, to)) as string)
      : this.slice(from + 1, to - 1);
  }
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16)}`;
}

/** The bytes without a byte order mark: a reader may ignore one (RFC 8259, section 8.1). */
export function withoutByteOrderMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/**
 * A copy of `text` that keeps nothing else alive. V8 makes slices of 13 characters and more refer
 * to the text they are part of: an id that is kept would keep the body it came in.
 */
export function copyText(text: string): string {
  return Buffer.from(text).toString();
}

/** Whether the string or key has an escape; its value is then to be had from `JsonSource.string`. */
export function hasEscape(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] === BACKSLASH) return true;
  return false;
}

/** A key to compare with; see {@link keyIs}. */
export function keyOf(name: string): Uint8Array {
  return Buffer.from(name);
}

/** Whether the key that stands there, without its quotes and written without escapes, is `key`. */
export function keyIs(bytes: Uint8Array, from: number, to: number, key: Uint8Array): boolean {
  if (to - from !== key.length) return false;
  for (let i = 0; i < key.length; i++) if (bytes[from + i] !== key[i]) return false;
  return true;
}

/**
 * Called for each member of an object, in order. The key stands from `keyFrom` to before `keyTo`,
 * without its quotes (`source.string(keyFrom - 1, keyTo + 1)` is its value), and `at` is the index
 * of the member's value, which is yet to be checked.
 *
 * @returns The index after the value, such as `endOfValue` gives it. A negative number ends the
 *   reading.
 */
export type VisitMember<S> = (
  source: JsonSource,
  state: S,
  keyFrom: number,
  keyTo: number,
  at: number,
) => number;

/** Likewise for each item of an array. */
export type VisitItem<S> = (source: JsonSource, state: S, at: number) => number;

/**
 * Reads the object at `i`, where whitespace may stand before it, member by member. An object may
 * have several members with one key: as in JSON.parse, the last one counts.
 *
 * @returns The index after the object; or `INVALID`; or the negative number that `visit` returned.
 */
export function readMembers<S>(
  source: JsonSource,
  i: number,
  state: S,
  visit: VisitMember<S>,
): number {
  const { bytes } = source;
  i = skipSpace(bytes, i);
  if (bytes[i] !== OPEN_BRACE) return INVALID;
  i = skipSpace(bytes, i + 1);
  if (bytes[i] === CLOSE_BRACE) return i + 1;
  for (;;) {
    if (bytes[i] !== QUOTE) return INVALID;
    const keyFrom = i + 1;
    i = endOfString(bytes, i);
    if (i < 0) return INVALID;
    const keyTo = i - 1;
    i = startOfMemberValue(bytes, i);
    if (i < 0) return INVALID;
    i = visit(source, state, keyFrom, keyTo, i);
    if (i < 0) return i;
    i = skipSpace(bytes, i);
    if (bytes[i] === CLOSE_BRACE) return i + 1;
    if (bytes[i] !== COMMA) return INVALID;
    i = skipSpace(bytes, i + 1);
  }
}

/** Reads the array at `i` item by item, as {@link readMembers} reads an object. */
export function readItems<S>(source: JsonSource, i: number, state: S, visit: VisitItem<S>): number {
  const { bytes } = source;
  i = skipSpace(bytes, i);
  if (bytes[i] !== OPEN_BRACKET) return INVALID;
  i = skipSpace(bytes, i + 1);
  if (bytes[i] === CLOSE_BRACKET) return i + 1;
  for (;;) {
    i = visit(source, state, i);
    if (i < 0) return i;
    i = skipSpace(bytes, i);
    if (bytes[i] === CLOSE_BRACKET) return i + 1;
    if (bytes[i] !== COMMA) return INVALID;
    i = skipSpace(bytes, i + 1);
  }
}
