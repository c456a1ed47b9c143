import { JsonText } from './json-text.ts';
import { LETTER_N, OPEN_BRACE, endOfValue, skipSpace } from './scanner.ts';
import { readMembers, type JsonSource } from './source.ts';

/** A member of a patch: its key as it was written, and what it changes. */
interface Change {
  readonly key: string;
  readonly from: number;
  readonly to: number;
  /** Of a value that is an object. */
  readonly changes: Changes | null;
}

/** The members of an object in a patch, by their decoded keys. */
type Changes = Map<string, Change>;

/** An object that is being merged. */
interface Merging {
  readonly patch: JsonSource;
  readonly changes: Changes;
  /** The texts of the merged object's members, or what they become, by their decoded keys. */
  readonly members: Map<string, string | ChangedMember>;
}

/** Written when all members are read: of many with one key, each would be as long as the patch. */
interface ChangedMember {
  /** The key and the colon as they are stored. */
  readonly head: string;
  readonly change: Change;
  /** Where an object is merged into an object. */
  readonly merging: Merging | null;
}

/**
 * Merges a patch into a value (RFC 7396): a patch that is an object changes the members that it has,
 * removes those it has as null, and leaves the others as they are, to the digit and in their place;
 * new members come last, in the patch's order. Any other patch is the new value. Of members with one
 * key the last one counts, in the place of the first.
 *
 * @param stored - What is no object, or `null` for nothing, counts as an object without members.
 * @param patch - Neither may nest thousands of levels deep.
 */
export function mergePatch(stored: JsonText | null, patch: JsonText): JsonText {
  const { source } = patch;
  const at = skipSpace(source.bytes, 0);
  if (source.bytes[at] !== OPEN_BRACE) return patch;
  const changes: Changes = new Map();
  readMembers(source, at, changes, visitChange);
  const merging: Merging = { patch: source, changes, members: new Map() };
  if (stored !== null) {
    // Anything but an object has no members: there the reading ends at once.
    readMembers(stored.source, 0, merging, visitStored);
  }
  // An object is merged into an object at the same level, so none comes to lie deeper.
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

/** Where there was no object before, the nulls in a change have nothing to remove. */
function writeChange(patch: JsonSource, { changes, from, to }: Change): string {
  return changes === null
    ? patch.slice(from, to)
    : writeMerged({ patch, changes, members: new Map() });
}

function isRemoval({ bytes }: JsonSource, { from }: Change): boolean {
  return bytes[from] === LETTER_N;
}
