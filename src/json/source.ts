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

/**
 * The length in bytes from which JSON is long, so that it is passed on as bytes. Shorter JSON is cheaper
 * as text: V8 frees short strings in the young generation, but many buffers cause full collections.
 */
export const longFrom = 64 * 1024;

/**
 * Bytes of valid UTF-8 to be read as JSON, and their text. All offsets are offsets of bytes. A short
 * source of ASCII is decoded once, because its text has the same offsets; otherwise each slice is
 * decoded separately.
 *
 * A slice of ASCII keeps the whole text alive. Code that keeps one longer than the body, such as a
 * cache, has to call {@link copyText}.
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

  /** Creates a source of bytes, which are not copied and must not change; null where they are not UTF-8. */
  static of(bytes: Uint8Array): JsonSource | null {
    const ascii = isAscii(bytes);
    if (!ascii && !isUtf8(bytes)) return null;
    const buffer = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new JsonSource(buffer, ascii, null);
  }

  /**
   * Creates a source of a text of valid JSON. Lone surrogates, which UTF-8 cannot express, are replaced
   * by escapes, which mean the same in JSON.
   */
  static ofText(text: string): JsonSource {
    const bytes = Buffer.from(text);
    // The lengths are equal only for ASCII: UTF-8 takes more than one byte for any other code unit.
    if (bytes.length === text.length) return new JsonSource(bytes, true, text);
    return new JsonSource(
      text.isWellFormed() ? bytes : Buffer.from(text.replace(/\p{Surrogate}/gu, escapeUnit)),
      false,
      null,
    );
  }

  /** Returns the text of the bytes from `from` to before `to`. */
  slice(from: number, to: number): string {
    if (!this.ascii) return this.bytes.toString('utf8', from, to);
    if (this.#text === null && this.bytes.length >= longFrom) {
      return this.bytes.toString('latin1', from, to);
    }
    return (this.#text ??= this.bytes.toString('latin1')).slice(from, to);
  }

  /** Returns a source of the bytes from `from` to before `to`. It keeps the whole buffer alive. */
  part(from: number, to: number): JsonSource {
    return new JsonSource(this.bytes.subarray(from, to), this.ascii, null);
  }

  /** Returns the value of the JSON string from `from` to before `to`, which must be valid. */
  string(from: number, to: number): string {
    return hasEscape(this.bytes, from, to)
      ? (JSON.parse(this.slice(from, to)) as string)
      : this.slice(from + 1, to - 1);
  }
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16)}`;
}

/** Returns the bytes without a byte order mark, which a reader may ignore (RFC 8259, section 8.1). */
export function withoutByteOrderMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/**
 * Returns a copy of `text` that keeps no other text alive. In V8, a slice of 13 or more characters
 * refers to the text that it is part of, so keeping an id would keep the whole body.
 */
export function copyText(text: string): string {
  return Buffer.from(text).toString();
}

/** Whether a string or key has an escape, so that only `JsonSource.string` returns its value. */
export function hasEscape(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] === BACKSLASH) return true;
  return false;
}

/** Returns a key to compare with by {@link keyIs}. */
export function keyOf(name: string): Uint8Array {
  return Buffer.from(name);
}

/** Whether the bytes of a key, without its quotes, are `key`. Escapes in it are not decoded. */
export function keyIs(bytes: Uint8Array, from: number, to: number, key: Uint8Array): boolean {
  if (to - from !== key.length) return false;
  for (let i = 0; i < key.length; i++) if (bytes[from + i] !== key[i]) return false;
  return true;
}

/**
 * Called for each member of an object, in order. The key stands from `keyFrom` to before `keyTo`,
 * without its quotes; `source.string(keyFrom - 1, keyTo + 1)` decodes it. `at` is the index of the
 * value, which is not checked yet.
 *
 * @returns The index after the value, such as the result of `endOfValue`. A negative number ends the
 *   reading.
 */
export type VisitMember<S> = (
  source: JsonSource,
  state: S,
  keyFrom: number,
  keyTo: number,
  at: number,
) => number;

/** As {@link VisitMember}, for each item of an array. */
export type VisitItem<S> = (source: JsonSource, state: S, at: number) => number;

/**
 * Reads the object at `i`, member by member; whitespace may precede it. Members with the same key are
 * all visited; as in JSON.parse, the last one should count.
 *
 * @returns The index after the object, `INVALID`, or the negative number that `visit` returned.
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
