import { isJsonObject } from './json-object.ts';

const maxLength = 500;

/**
 * The API's own words in an error body: `errors[0].message` or `message`, on a single line and cut
 * to 500 characters. `null` where there are none, as in the HTML of a proxy on the way.
 */
export function apiMessage(body: string | null): string | null {
  const envelope = parseObject(body);
  const errors = envelope?.['errors'];
  const first: unknown = Array.isArray(errors) ? errors[0] : null;
  return (
    singleLine(isJsonObject(first) ? first['message'] : null) ?? singleLine(envelope?.['message'])
  );
}

function parseObject(body: string | null): Record<string, unknown> | null {
  // An error body is a small JSON object; anything else is not worth an exception.
  if (!body?.trimStart().startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(body);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

function singleLine(text: unknown): string | null {
  if (typeof text !== 'string') return null;
  const line = text
    .toWellFormed()
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  if (line === '') return null;
  // A cut between the halves of a surrogate pair leaves none of it.
  return line.slice(0, maxLength).replace(/[\uD800-\uDBFF]$/, '');
}
