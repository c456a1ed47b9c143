import { InputError, type InputIssue } from '../errors.ts';
import { UnsafeNumber, findTooDeep, type JsonText } from '../json/index.ts';
import { singleLine } from '../rest/api-message.ts';
import type { IdInput } from '../schema/scalars/index.ts';
import { maxContextDepth } from './model.ts';

/** The maximum length of an id in characters. */
const maxIdLength = 256;

/** How many characters of a key the path of an issue shows. */
const maxKeyLength = 256;

/** An argument that may be absent or null. */
export type Optional<T> = T | null | undefined;

export type { IdInput };

/**
 * Throws if there are issues.
 *
 * @throws {InputError} With all issues.
 */
export function refuse(issues: readonly InputIssue[]): void {
  const [first] = issues;
  if (first === undefined) return;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  const place = singleLine(first.path.slice(0, 8).join('.')) ?? '';
  throw new InputError(`${place} ${first.message}${more}.`, issues);
}

/**
 * Checks the argument `id`.
 *
 * @throws {InputError} Where the id is invalid.
 */
export function checkId({ id }: { readonly id: IdInput }): void {
  refuse(idIssues(['id'], id));
}

/** Returns the issues of an id. An absent id has none. */
export function idIssues(path: readonly string[], id: Optional<IdInput>): InputIssue[] {
  const message = id === null || id === undefined ? null : whatIsWrongWithId(id);
  return message === null ? noIssues : [{ path, message }];
}

/** Shared, because nearly every input is valid. */
const noIssues: InputIssue[] = [];

function whatIsWrongWithId(id: IdInput): string | null {
  if (id instanceof UnsafeNumber) {
    return 'must be a string: JSON numbers beyond 2^53-1 lose digits';
  }
  if (id === '') return 'must not be empty';
  if (id === '.' || id === '..')
    return 'must not be "." or "..", which have a special meaning in a URL path';
  if (id.length > maxIdLength && Array.from(id).length > maxIdLength) {
    return `must be at most ${maxIdLength} characters long`;
  }
  if (!id.isWellFormed()) return 'must be well-formed Unicode: it contains a lone surrogate';
  return null;
}

/**
 * Returns an id that was checked before.
 *
 * @throws {TypeError} For an id that the check would have refused.
 */
export function checkedId(id: IdInput): string {
  if (typeof id !== 'string') throw new TypeError('An id was used without a check.');
  return id;
}

/** As {@link checkedId}; `null` where the id is absent. */
export function optionalId(id: Optional<IdInput>): string | null {
  return id === null || id === undefined ? null : checkedId(id);
}

/** Returns the issues of the JSON of a context. */
export function contextIssues(path: readonly string[], json: Optional<JsonText>): InputIssue[] {
  const tooDeep = json === null || json === undefined ? null : findTooDeep(json, maxContextDepth);
  if (tooDeep === null) return noIssues;
  const message = `must not nest deeper than ${maxContextDepth} levels`;
  return [{ path: [...path, ...tooDeep.map(shownKey)], message }];
}

/** Shortens a key for an error: a key may be as long as the request. */
function shownKey(key: string): string {
  if (key.length <= maxKeyLength) return key;
  // Where the cut splits a surrogate pair, its first half is removed as well.
  return `${key.slice(0, maxKeyLength).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
