import { JsonText } from './json-text.ts';
import { LETTER_N, OPEN_BRACE, endOfValue, skipSpace } from './scanner.ts';
import { readMembers, type JsonSource } from './source.ts';

/** A member of a patch. */
interface Change {
  /** The key as it is written in the patch, with its quotes. */
  readonly key: string;
  readonly from: number;
  readonly to: number;
  /** The members of a value that is an object; `null` for any other value. */
  readonly changes: Changes | null;
}

/** The members of an object in a patch, by their decoded keys. */
type Changes = Map<string, Change>;

/** An object that is being merged. */
interface Merging {
  readonly patch: JsonSource;
  readonly changes: Changes;
  /** The members of the merged object, by their decoded keys; those that stay the same as text. */
  readonly members: Map<string, string | ChangedMember>;
}

/** A stored member that the patch changes. Written at the end, so that repeated keys are written once. */
interface ChangedMember {
  /** The key and the colon as they are written in the stored object. */
  readonly head: string;
  readonly change: Change;
  /** Set where both the stored and the new value are objects. */
  readonly merging: Merging | null;
}

/**
 * Merges a patch into a value (RFC 7396). If the patch is an object, its members replace the stored
 * ones, null removes a member, and all other members keep their exact text and position; new members
 * come last, in the order of the patch. Any other patch is the new value. Of members with the same key
 * the last one counts, in the place of the first.
 *
 * Recursive: neither value may nest thousands of levels deep.
 *
 * @param stored - The stored value. One that is not an object, or `null` for none, counts as an empty
 *   object.
 */
export function mergePatch(stored: JsonText | null, patch: JsonText): JsonText {
  const { source } = patch;
  const at = skipSpace(source.bytes, 0);
  if (source.bytes[at] !== OPEN_BRACE) return patch;
  const changes: Changes = new Map();
  readMembers(source, at, changes, visitChange);
  const merging: Merging = { patch: source, changes, members: new Map() };
  if (stored !== null) {
    // Reading any value other than an object returns at once, without members.
    readMembers(stored.source, 0, merging, visitStored);
  }
  // Objects are merged at the same level, so the result is not deeper than either value.
  const withinDepth = Math.max(stored?.withinDepth ?? 0, patch.withinDepth);
  return new JsonText(writeMerged(merging), withinDepth);
}

function visitChange(
  source: JsonSource,
  into: Changes,
  keyFrom: number,
  keyTo: number,
  at: number,
): number {
  const changes: Changes | null = source.bytes[at] === OPEN_BRACE ? new Map() : null;
  const end =
    changes === null ? endOfValue(source.bytes, at) : readMembers(source, at, changes, visitChange);
  const key = source.slice(keyFrom - 1, keyTo + 1);
  into.set(source.string(keyFrom - 1, keyTo + 1), { key, from: at, to: end, changes });
  return end;
}

function visitStored(
  source: JsonSource,
  { patch, changes, members }: Merging,
  keyFrom: number,
  keyTo: number,
  at: number,
): number {
  const name = source.string(keyFrom - 1, keyTo + 1);
  const change = changes.get(name);
  if (change?.changes && source.bytes[at] === OPEN_BRACE) {
    const merging: Merging = { patch, changes: change.changes, members: new Map() };
    members.set(name, { head: source.slice(keyFrom - 1, at), change, merging });
    return readMembers(source, at, merging, visitStored);
  }
  const end = endOfValue(source.bytes, at);
  if (change === undefined) members.set(name, source.slice(keyFrom - 1, end));
  else if (isRemoval(patch, change)) members.delete(name);
  else members.set(name, { head: source.slice(keyFrom - 1, at), change, merging: null });
  return end;
}

function writeMerged({ patch, changes, members }: Merging): string {
  for (const [name, change] of changes) {
    if (members.has(name) || isRemoval(patch, change)) continue;
    members.set(name, `${change.key}:${writeChange(patch, change)}`);
  }
  const texts = Array.from(members.values(), (member) => {
    if (typeof member === 'string') return member;
    const { head, change, merging } = member;
    return head + (merging === null ? writeChange(patch, change) : writeMerged(merging));
  });
  return `{${texts.join(',')}}`;
}

/** Writes a new value, without the nulls in its objects: there is nothing that they could remove. */
function writeChange(patch: JsonSource, { changes, from, to }: Change): string {
  return changes === null
    ? patch.slice(from, to)
    : writeMerged({ patch, changes, members: new Map() });
}

function isRemoval({ bytes }: JsonSource, { from }: Change): boolean {
  return bytes[from] === LETTER_N;
}
