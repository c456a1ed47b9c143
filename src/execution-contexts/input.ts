import { InputError, type InputIssue } from '../errors.ts';
import { UnsafeNumber, findTooDeep, type JsonText } from '../json/index.ts';
import { singleLine } from '../rest/api-message.ts';
import type { IdInput } from '../schema/scalars/index.ts';
import { maxContextDepth } from './model.ts';

/** Largest number of characters in an id. */
const maxIdLength = 256;

/** Of how many characters of a key an issue's path tells. */
const maxKeyLength = 256;

export type Optional<T> = T | null | undefined;

export type { IdInput };

/** @throws InputError with every issue there is; nothing where there is none. */
export function refuse(issues: readonly InputIssue[]): void {
  const [first] = issues;
  if (first === undefined) return;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  const place = singleLine(first.path.slice(0, 8).join('.')) ?? '';
  throw new InputError(`${place} ${first.message}${more}.`, issues);
}

/** @throws InputError where `id` is none. */
export function checkId({ id }: { readonly id: IdInput }): void {
  refuse(idIssues(['id'], id));
}

/** What is wrong with an id that was given; nothing with one that was not. */
export function idIssues(path: readonly string[], id: Optional<IdInput>): InputIssue[] {
  const message = id === null || id === undefined ? null : whatIsWrongWithId(id);
  return message === null ? noIssues : [{ path, message }];
}

/** Shared, because nearly every input is right. */
const noIssues: InputIssue[] = [];

function whatIsWrongWithId(id: IdInput): string | null {
  if (id instanceof UnsafeNumber) {
    return 'must be a string: a JSON number beyond 2^53-1 has lost digits on its way';
  }
  if (id === '') return 'must not be empty';
  if (id === '.' || id === '..') return 'must not be "." or "..": they name a place in a path';
  if (id.length > maxIdLength && Array.from(id).length > maxIdLength) {
    return `must be at most ${maxIdLength} characters long`;
  }
  if (!id.isWellFormed()) return 'must be well-formed Unicode: it has half of a surrogate pair';
  return null;
}

/** @returns The id, which was checked before. */
export function checkedId(id: IdInput): string {
  if (typeof id !== 'string') throw new TypeError('An id is used that was not checked.');
  return id;
}

/** As {@link checkedId}; `null` where none was given. */
export function optionalId(id: Optional<IdInput>): string | null {
  return id === null || id === undefined ? null : checkedId(id);
}

/** What is wrong with the JSON of a context that was given. */
export function contextIssues(path: readonly string[], json: Optional<JsonText>): InputIssue[] {
  const tooDeep = json === null || json === undefined ? null : findTooDeep(json, maxContextDepth);
  if (tooDeep === null) return noIssues;
  const message = `must not nest deeper than ${maxContextDepth} levels`;
  return [{ path: [...path, ...tooDeep.map(shownKey)], message }];
}

/** A key may be as long as the request: of a longer one only the beginning is told. */
function shownKey(key: string): string {
  if (key.length <= maxKeyLength) return key;
  // A cut between the halves of a surrogate pair leaves none of it.
  return `${key.slice(0, maxKeyLength).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
