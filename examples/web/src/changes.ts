import { LongNumber } from './long-number.ts';

/** A value that is not as it was; `undefined` where there was none, or is none any more. */
export interface Change {
  /** RFC 6901, from the value that was compared. */
  readonly pointer: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What differs between two JSON values, as deep down as it does. */
export function changesBetween(before: unknown, after: unknown, pointer = ''): Change[] {
  if (isSame(before, after)) return [];
  const [old, now] = [membersOf(before), membersOf(after)];
  if (old === null || now === null || Array.isArray(before) !== Array.isArray(after)) {
    return [{ pointer, before, after }];
  }
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((key) =>
    changesBetween(old.get(key), now.get(key), below(pointer, key)),
  );
}

function isSame(before: unknown, after: unknown): boolean {
  return before instanceof LongNumber && after instanceof LongNumber
    ? before.digits === after.digits
    : Object.is(before, after);
}

/** The pointer to a member. */
export function below(pointer: string, key: string): string {
  return `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** Members of an object or an array by key; null for anything else. */
export function membersOf(value: unknown): Map<string, unknown> | null {
  if (typeof value !== 'object' || value === null || value instanceof LongNumber) return null;
  return new Map(Object.entries(value));
}

/** A scalar as JSON writes it. */
export function scalarText(value: unknown): string {
  return value instanceof LongNumber ? value.digits : JSON.stringify(value);
}
