import { quoteJson, type JsonText } from './json-text.ts';
import { canonicalNumber } from './number.ts';
import {
  LETTER_F,
  LETTER_N,
  LETTER_T,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  endOfValue,
  skipSpace,
} from './scanner.ts';
import { readItems, readMembers, type JsonSource } from './source.ts';

/**
 * Whether two values are equal: the same structure and order of members, strings equal by code unit,
 * numbers equal as decimals. Of members with the same key the last one counts, in the place of the
 * first.
 *
 * Recursive: the values must not nest thousands of levels deep.
 */
export function jsonEquals(one: JsonText, other: JsonText): boolean {
  return one.text === other.text || respell(one) === respell(other);
}

/** Returns one text for all values that are equal. */
function respell({ source }: JsonText): string {
  const spelling: Spelling = { text: '' };
  spell(source, spelling, skipSpace(source.bytes, 0));
  return spelling.text;
}

/** The result for one value. */
interface Spelling {
  text: string;
}

interface ObjectSpelling extends Spelling {
  /** The texts of the members' values, by their decoded keys. */
  readonly members: Map<string, string>;
}

interface ArraySpelling extends Spelling {
  readonly items: string[];
}

/** Sets the text of the value at `at`. Returns the index after the value. */
function spell(source: JsonSource, into: Spelling, at: number): number {
  const { bytes } = source;
  const first = bytes[at];
  if (first === OPEN_BRACE) {
    const object: ObjectSpelling = { text: '', members: new Map() };
    const end = readMembers(source, at, object, visitMember);
    const texts = Array.from(object.members, ([key, text]) => `${quoteJson(key)}:${text}`);
    into.text = `{${texts.join(',')}}`;
    return end;
  }
  if (first === OPEN_BRACKET) {
    const array: ArraySpelling = { text: '', items: [] };
    const end = readItems(source, at, array, visitItem);
    into.text = `[${array.items.join(',')}]`;
    return end;
  }
  const end = endOfValue(bytes, at);
  if (first === QUOTE) into.text = quoteJson(source.string(at, end));
  else {
    const text = source.slice(at, end);
    const isWord = first === LETTER_T || first === LETTER_F || first === LETTER_N;
    into.text = isWord ? text : canonicalNumber(text);
  }
  return end;
}

function visitMember(
  source: JsonSource,
  object: ObjectSpelling,
  keyFrom: number,
  keyTo: number,
  at: number,
): number {
  const end = spell(source, object, at);
  object.members.set(source.string(keyFrom - 1, keyTo + 1), object.text);
  return end;
}

function visitItem(source: JsonSource, array: ArraySpelling, at: number): number {
  const end = spell(source, array, at);
  array.items.push(array.text);
  return end;
}
