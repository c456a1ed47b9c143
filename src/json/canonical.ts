import { JsonText, quoteJson } from './json-text.ts';
import { canonicalNumber, mayLoseDigits } from './number.ts';
import { parseJson } from './parse.ts';

/**
 * One text for all spellings of a value: no white space, strings and numbers in one form each,
 * members sorted by key in code unit order. Equal exactly where the values mean the same, but for
 * the order of members.
 *
 * @param json - It may not nest thousands of levels deep.
 */
export function canonicalJson({ text }: JsonText): string {
  return write(mayLoseDigits(text) ? parseJson(text) : JSON.parse(text));
}

/** What a double holds is written as JavaScript does; other numbers came as their text. */
function write(value: unknown): string {
  if (typeof value === 'string') return quoteJson(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof JsonText) return canonicalNumber(value.text);
  let text = '';
  let separator = '';
  if (Array.isArray(value)) {
    for (const item of value) {
      text += separator + write(item);
      separator = ',';
    }
    return `[${text}]`;
  }
  const members = value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(members).sort()) {
    text += `${separator}${quoteJson(key)}:${write(members[key])}`;
    separator = ',';
  }
  return `{${text}}`;
}
