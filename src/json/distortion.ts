import { ExactJson } from './exact-json.ts';
import { numberHolds } from './number.ts';
import { JsonScanner } from './scanner.ts';

/** A value that JSON.parse distorts, and the members of it that are to blame. */
export interface Distortion {
  readonly exact: ExactJson;
  /** By key or index; null where the whole value is to be replaced by its carrier. */
  readonly members: ReadonlyMap<string, Distortion> | null;
}

/**
 * How deep members are told apart; a value nested deeper is carried whole. Far beyond what the
 * gateway admits, it bounds what a small but very deep text can cost.
 */
const MAX_DEPTH = 1000;

/** An object or array whose end has not been reached. */
interface Frame {
  readonly parent: Frame | null;
  readonly depth: number;
  readonly start: number;
  readonly isArray: boolean;
  /** Which member is being read: its index, or its key. */
  index: number;
  key: string;
  keyIsNext: boolean;
  /** The object's keys so far: the greatest that is an array index, and whether any is a name. */
  greatestIndex: number;
  named: boolean;
  reordered: boolean;
  members: Map<string, Distortion> | undefined;
}

const NO_MEMBERS: ReadonlyMap<string, Distortion> = new Map();

/**
 * Finds what a double or a plain object would distort in `text`, which must be valid JSON; null
 * where nothing would be. Of members with the same key the last counts, as in JSON.parse.
 */
export function findDistortion(text: string): Distortion | null {
  const scanner = new JsonScanner(text);
  const root = openFrame(null, 0, true);
  let frame = root;
  for (let first = scanner.next(); first !== undefined; first = scanner.next()) {
    switch (first) {
      case '{':
      case '[':
        if (frame.depth < MAX_DEPTH) {
          frame = openFrame(frame, scanner.start, first === '[');
        } else {
          const { start } = scanner;
          scanner.skipContainer();
          note(frame, text.slice(start, scanner.end), null);
        }
        break;
      case '}':
      case ']': {
        const { start, members, reordered, parent } = frame;
        frame = parent ?? root;
        if (reordered || (members !== undefined && members.size > 0)) {
          note(frame, text.slice(start, scanner.end), members ?? NO_MEMBERS);
        }
        break;
      }
      case ',':
        frame.index++;
        frame.keyIsNext = !frame.isArray;
        break;
      case '"':
        if (frame.keyIsNext) enterMember(frame, scanner.string);
        break;
      case ':':
      case 't':
      case 'f':
      case 'n':
        break;
      default: {
        const number = scanner.token;
        if (!numberHolds(number)) note(frame, number, null);
      }
    }
  }
  return root.members?.get('0') ?? null;
}

function openFrame(parent: Frame | null, start: number, isArray: boolean): Frame {
  return {
    parent,
    depth: parent === null ? 0 : parent.depth + 1,
    start,
    isArray,
    index: 0,
    key: '',
    keyIsNext: !isArray,
    greatestIndex: -1,
    named: false,
    reordered: false,
    members: undefined,
  };
}

function note(frame: Frame, text: string, members: Distortion['members']): void {
  frame.members ??= new Map();
  frame.members.set(frame.isArray ? String(frame.index) : frame.key, {
    exact: new ExactJson(text),
    members,
  });
}

/** Plain objects list keys that are array indices first, in ascending order, then the names. */
function enterMember(frame: Frame, key: string): void {
  frame.key = key;
  frame.keyIsNext = false;
  frame.members?.delete(key);
  if (!isArrayIndex(key)) {
    frame.named = true;
    return;
  }
  const index = Number(key);
  if (frame.named || index < frame.greatestIndex) frame.reordered = true;
  else frame.greatestIndex = index;
}

/** ECMA-262, "array index": the canonical decimal of an integer from 0 to 2^32 - 2. */
function isArrayIndex(key: string): boolean {
  return /^(?:0|[1-9]\d{0,9})$/.test(key) && Number(key) < 2 ** 32 - 1;
}
