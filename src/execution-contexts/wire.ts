import {
  JsonText,
  LETTER_F,
  LETTER_N,
  LETTER_T,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  TOO_DEEP,
  endOfValue,
  hasEscape,
  isRfc3339DateTime,
  keyIs,
  keyOf,
  readItems,
  readMembers,
  skipSpace,
  type JsonSource,
} from '../json/index.ts';
import { Malformed } from '../rest/client.ts';
import { maxContextDepth, type ExecutionContext, type ExecutionContextPage } from './model.ts';

/** The result for a body that is not JSON in UTF-8. */
export const unreadable = new Malformed('the body is not valid JSON in UTF-8');

/** A context whose members are set while it is parsed. */
class WireContext implements ExecutionContext {
  id = '';
  agentId: string | null = null;
  workflowId: string | null = null;
  userId: string | null | undefined = undefined;
  sessionId: string | null = null;
  context: JsonText | null = null;
  createdAt: string | null = null;
}

const blank = new WireContext();

/** The state of parsing one body. */
export class Reading {
  /** The context whose members are being parsed. */
  context = blank;
  readonly items: ExecutionContext[] = [];
  hasItems = false;
  hasMore: boolean | null = null;
  /** What is wrong: the key and the type of its value, never the value; `null` where nothing is. */
  malformed: string | null = null;
  hasMalformedDate = false;
}

type TextName = 'id' | 'agentId' | 'workflowId' | 'userId' | 'sessionId' | 'createdAt';

/** A known member: its key in the API's JSON, and its name in the model. */
interface WireMember<Name extends string> {
  readonly wire: string;
  readonly key: Uint8Array;
  readonly name: Name;
}

function wireMembers<Name extends string>(
  entries: readonly (readonly [wire: string, name: Name])[],
): readonly WireMember<Name>[] {
  return entries.map(([wire, name]) => ({ wire, key: keyOf(wire), name }));
}

const contextMembers = wireMembers<TextName | 'context'>([
  ['id', 'id'],
  ['agent_id', 'agentId'],
  ['workflow_id', 'workflowId'],
  ['user_id', 'userId'],
  ['session_id', 'sessionId'],
  ['context', 'context'],
  ['created_at', 'createdAt'],
]);

const pageMembers = wireMembers<'items' | 'hasMore'>([
  ['data', 'items'],
  ['has_more', 'hasMore'],
]);

/** Finds the member whose key, with or without escapes, stands from `from` to before `to`. */
function findMember<Name extends string>(
  source: JsonSource,
  members: readonly WireMember<Name>[],
  from: number,
  to: number,
): WireMember<Name> | undefined {
  const { bytes } = source;
  for (const member of members) {
    if (keyIs(bytes, from, to, member.key)) return member;
  }
  if (!hasEscape(bytes, from, to)) return undefined;
  const key = source.string(from - 1, to + 1);
  return members.find(({ wire }) => wire === key);
}

/**
 * Parses a context. Unknown keys are ignored. Known keys must be absent, null or of their type, and
 * otherwise the whole body is malformed: a context with missing data could be mistaken for a complete
 * one.
 */
export function parseContext(source: JsonSource, reading: Reading): ExecutionContext | Malformed {
  const end = parseMembers(source, reading, 0);
  return conclude(source, reading, end) ?? reading.context;
}

/** Parses `{"data": [context…], "has_more": bool}`. */
export function parsePage(source: JsonSource, reading: Reading): ExecutionContextPage | Malformed {
  const end = readMembers(source, 0, reading, visitPageMember);
  const { items, hasItems, hasMore } = reading;
  if (end > 0 && !hasItems) reading.malformed = 'data is missing';
  else if (end > 0 && hasMore === null) reading.malformed = 'has_more is missing';
  return conclude(source, reading, end) ?? { items, hasMore: hasMore === true };
}

/** Returns what is wrong with a body that was parsed up to `end`; `null` where nothing is. */
function conclude(source: JsonSource, { malformed }: Reading, end: number): Malformed | null {
  if (malformed !== null) return new Malformed(malformed);
  const { bytes } = source;
  return end > 0 && skipSpace(bytes, end) === bytes.length ? null : unreadable;
}

function parseMembers(source: JsonSource, reading: Reading, at: number): number {
  reading.context = new WireContext();
  const end = readMembers(source, at, reading, visitContextMember);
  if (end > 0 && reading.context.id === '') return markMalformed(reading, 'id is missing or empty');
  return end;
}

function visitPageMember(
  source: JsonSource,
  reading: Reading,
  from: number,
  to: number,
  at: number,
): number {
  const { bytes } = source;
  switch (findMember(source, pageMembers, from, to)?.name) {
    case 'items':
      if (bytes[at] !== OPEN_BRACKET) {
        return markMalformed(reading, `data is ${typeAt(source, at)}`);
      }
      // Of several members with one key the last one counts, as in JSON.parse.
      reading.items.length = 0;
      reading.hasItems = true;
      return readItems(source, at, reading, visitItem);
    case 'hasMore': {
      const end = endOfValue(bytes, at);
      if (end < 0) return end;
      const isBoolean = bytes[at] === LETTER_T || bytes[at] === LETTER_F;
      if (!isBoolean) return markMalformed(reading, `has_more is ${typeAt(source, at)}`);
      reading.hasMore = bytes[at] === LETTER_T;
      return end;
    }
    case undefined:
      return endOfValue(bytes, at);
  }
}

function visitItem(source: JsonSource, reading: Reading, at: number): number {
  if (source.bytes[at] !== OPEN_BRACE) {
    return markMalformed(reading, `an item is ${typeAt(source, at)}`);
  }
  const end = parseMembers(source, reading, at);
  if (end > 0) reading.items.push(reading.context);
  return end;
}

function visitContextMember(
  source: JsonSource,
  reading: Reading,
  from: number,
  to: number,
  at: number,
): number {
  const member = findMember(source, contextMembers, from, to);
  if (member === undefined) return endOfValue(source.bytes, at);
  const { name, wire } = member;
  return name === 'context'
    ? readState(source, reading, at)
    : readText(source, reading, at, name, wire);
}

function readState(source: JsonSource, reading: Reading, at: number): number {
  const end = endOfValue(source.bytes, at, maxContextDepth);
  if (end === TOO_DEEP) {
    return markMalformed(reading, `context nests deeper than ${maxContextDepth} levels`);
  }
  if (end > 0) {
    reading.context.context =
      source.bytes[at] === LETTER_N ? null : JsonText.slice(source, at, end);
  }
  return end;
}

function readText(
  source: JsonSource,
  reading: Reading,
  at: number,
  name: TextName,
  wire: string,
): number {
  const { context } = reading;
  const end = endOfValue(source.bytes, at);
  if (end < 0) return end;
  const isNull = source.bytes[at] === LETTER_N;
  if (name === 'id') {
    if (source.bytes[at] !== QUOTE) return markMalformed(reading, `id is ${typeAt(source, at)}`);
    context.id = source.string(at, end);
    return end;
  }
  if (!isNull && source.bytes[at] !== QUOTE) {
    return markMalformed(reading, `${wire} is ${typeAt(source, at)}`);
  }
  const text = isNull ? null : source.string(at, end);
  if (name === 'createdAt' && text !== null && !isRfc3339DateTime(text)) {
    reading.hasMalformedDate = true;
    context.createdAt = null;
  } else {
    context[name] = text;
  }
  return end;
}

/** Records what is wrong. The result, in place of an index, ends the parsing. */
function markMalformed(reading: Reading, what: string): -1 {
  reading.malformed = what;
  return -1;
}

/** Returns the type of the value at `at`, for a log line. */
function typeAt({ bytes }: JsonSource, at: number): string {
  return types.get(bytes[at] ?? 0) ?? 'a number';
}

const types: ReadonlyMap<number, string> = new Map([
  [QUOTE, 'a string'],
  [OPEN_BRACKET, 'an array'],
  [OPEN_BRACE, 'an object'],
  [LETTER_T, 'a boolean'],
  [LETTER_F, 'a boolean'],
  [LETTER_N, 'null'],
]);
