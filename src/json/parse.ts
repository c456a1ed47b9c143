import { findDistortion } from './distortion.ts';
import { numberHolds } from './number.ts';
import type { Distortion } from './distortion.ts';
import type { ExactJson } from './exact-json.ts';

/**
 * Numbers of 16 digits and more. What stands before tells them from identifiers and digests, which
 * stand in quotes. Written out, because V8 skips through the text for a sequence of classes, which
 * is ten times as fast as its search for `[\d.]{16}`.
 */
const LONG_NUMBER =
  /[\d.][\d.][\d.][\d.][\d.][\d.][\d.][\d.][\d.][\d.][\d.][\d.][\d.][\d.][\d.][\d.](?<=(?:^|[[:,\t\n\r ])-?[\d.]{16})[\d.eE+-]*/g;

/** Numbers with an exponent of three digits and more. */
const LONG_EXPONENT = /[eE][+-]?\d\d\d(?<=(?:^|[[:,\t\n\r ])-?\d[\d.]*[eE][+-]?\d{3})/;

/** Keys such as "10", plain or escaped, which plain objects move to the front. */
const INDEX_KEY = /"[\d\\][\d\\u]*"[\t\n\r ]*:/;

/** The source of the objects and arrays that are distorted, as {@link parseJson} saw it. */
const sources = new WeakMap<object, ExactJson>();

/**
 * JSON.parse that loses nothing. The result is made of ordinary objects and arrays, to be read
 * like JSON.parse's, except that a number whose digits a double does not hold is an
 * {@link ExactJson}; and {@link exactJson} takes any part out of it unharmed. Where anything is
 * distorted, what is nested over a thousand levels deep is an {@link ExactJson} as well.
 *
 * Most texts hold nothing that JSON.parse distorts, which three quick searches tell. Of members with
 * the same key the last one counts; `__proto__` is a key like any other. Any depth parses.
 *
 * @throws SyntaxError exactly where JSON.parse does (RFC 8259).
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!mayDistort(text)) return value;
  const distortion = findDistortion(text);
  return distortion === null ? value : remember(value, distortion);
}

/**
 * A value taken out of what {@link parseJson} returned, ready to be passed on: the value itself
 * where it is exact, else an {@link ExactJson} with its source text.
 */
export function exactJson(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? (sources.get(value) ?? value) : value;
}

function mayDistort(text: string): boolean {
  return (
    LONG_EXPONENT.test(text) ||
    INDEX_KEY.test(text) ||
    (text.match(LONG_NUMBER)?.some((number) => !numberHolds(number)) ?? false)
  );
}

/** Puts the carriers in their places, and notes the sources of the objects and arrays around. */
function remember(value: unknown, { exact, members }: Distortion): unknown {
  if (members === null || typeof value !== 'object' || value === null) return exact;
  sources.set(value, exact);
  for (const [key, member] of members) {
    // Defined, not assigned: the key may be __proto__.
    Object.defineProperty(value, key, { value: remember(Reflect.get(value, key), member) });
  }
  return value;
}
