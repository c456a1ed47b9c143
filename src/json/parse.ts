import { findDistortion } from './distortion.ts';
import { numberHolds } from './number.ts';
import type { Distortion } from './distortion.ts';
import type { ExactJson } from './exact-json.ts';

/**
 * Numbers of 16 digits and more, or with an exponent of three and more. The character before keeps
 * identifiers and digests, which stand in quotes, from looking like numbers.
 */
const LONG_NUMBER = /(?:^|[[:,\t\n\r ])(-?\d(?:[\d.]{15}|[\d.]*[eE][+-]?\d{3})[\d.eE+-]*)/g;

/** Keys such as "10", plain or escaped, which plain objects move to the front. */
const INDEX_KEY = /"(?:\d|\\u003\d){1,10}"[\t\n\r ]*:/;

/** The source of the objects and arrays that are distorted, as {@link parseJson} saw it. */
const sources = new WeakMap<object, ExactJson>();

/**
 * JSON.parse that loses nothing. The result is made of ordinary objects and arrays, to be read
 * like JSON.parse's, except that a number whose digits a double does not hold is an
 * {@link ExactJson}; and {@link exactJson} takes any part out of it unharmed.
 *
 * Most texts hold nothing that JSON.parse distorts, which two quick searches tell. Of members with
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
  for (const [, number = ''] of text.matchAll(LONG_NUMBER)) {
    if (!numberHolds(number)) return true;
  }
  return INDEX_KEY.test(text);
}

/** Puts the carriers of distorted numbers in their places, and notes the containers' sources. */
function remember(root: unknown, distortion: Distortion): unknown {
  const pending: [value: unknown, distortion: Distortion][] = [[root, distortion]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [value, { exact, members }] = next;
    if (!isContainer(value)) continue;
    sources.set(value, exact);
    for (const [key, member] of members) {
      const held: unknown = Reflect.get(value, key);
      if (isContainer(held)) pending.push([held, member]);
      // Defined, not assigned: the key may be __proto__.
      else Object.defineProperty(value, key, { value: member.exact });
    }
  }
  return isContainer(root) ? root : distortion.exact;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
