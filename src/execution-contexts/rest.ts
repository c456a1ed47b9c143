import {
  JsonText,
  TOO_DEEP,
  endOfValue,
  hasEscape,
  isRfc3339DateTime,
  keyIs,
  keyOf,
  quoteJson,
  readItems,
  readMembers,
  skipSpace,
  type JsonSource,
} from '../json/index.ts';
import { Malformed, type RestClient } from '../rest/client.ts';
import type { RestOperation, RestRequest } from '../rest/request.ts';
import {
  maxContextDepth,
  type ExecutionContext,
  type ExecutionContextPage,
  type ExecutionContextStore,
  type ListQuery,
} from './model.ts';

const noun = 'execution context';

const operations = {
  fetch: { name: 'fetch', noun, method: 'GET', writes: false, repeatable: true },
  list: { name: 'list', noun, method: 'GET', writes: false, repeatable: true },
  create: { name: 'create', noun, method: 'POST', writes: true, repeatable: false },
  update: { name: 'update', noun, method: 'PUT', writes: true, repeatable: true },
  delete: {
    name: 'delete',
    noun,
    method: 'DELETE',
    writes: true,
    repeatable: true,
    // Gone at a later attempt is as good as deleted by it: nobody can tell who did it.
    accepts: (status, attempts) => attempts > 1 && (status === 404 || status === 410),
  },
} as const satisfies Record<string, RestOperation>;

export interface RestStoreOptions {
  readonly client: RestClient;
  /**
   * Told, once an answer, that a `created_at` is a string but no RFC 3339 date-time, which costs that
   * field and nothing else.
   */
  readonly onMalformedDate?: ((operation: string, requestId: string) => void) | undefined;
}

const collection = '/ai-execution-context';

/** The REST API as the store of execution contexts. */
export function createRestStore({
  client,
  onMalformedDate,
}: RestStoreOptions): ExecutionContextStore {
  function readAnswer<T>(
    { operation, behalf }: Pick<RestRequest, 'operation' | 'behalf'>,
    body: JsonSource | null,
    read: (source: JsonSource, reading: Reading) => T | Malformed,
  ): T | Malformed {
    if (body === null) return unreadable;
    const reading = new Reading();
    const result = read(body, reading);
    if (reading.hasMalformedDate) onMalformedDate?.(operation.name, behalf.requestId);
    return result;
  }

  /** Asks for one context: the one of `request.id`, or any where that is not known before. */
  function askForContext(request: RestRequest): Promise<ExecutionContext> {
    return client.ask(request, (body) => {
      const context = readAnswer(request, body, readContext);
      if (context instanceof Malformed || request.id === null) return context;
      return context.id === request.id
        ? context
        : new Malformed('id is another one than was asked for');
    });
  }

  return {
    deadline: () => client.deadline(),

    fetch(id, behalf, deadline) {
      const operation = operations.fetch;
      return askForContext({ operation, path: pathOf(id), id, behalf, deadline });
    },

    list(query, behalf, deadline) {
      const operation = operations.list;
      const request = { operation, path: listPath(query), id: null, behalf, deadline };
      return client.ask(request, (body) => readAnswer(request, body, readPage));
    },

    create({ agentId, workflowId, userId, sessionId, context }, behalf, deadline) {
      const operation = operations.create;
      const body = writeMembers([
        ['agent_id', quoteJson(agentId)],
        ['workflow_id', quoteOptional(workflowId)],
        ['user_id', quoteOptional(userId)],
        ['session_id', quoteOptional(sessionId)],
        ['context', textOf(context)],
      ]);
      return askForContext({ operation, path: collection, id: null, body, behalf, deadline });
    },

    update(id, { context, sessionId }, behalf, deadline, cancellation = null) {
      const operation = operations.update;
      const body = writeMembers([
        ['context', textOf(context)],
        ['session_id', quoteOptional(sessionId)],
      ]);
      const path = pathOf(id);
      return askForContext({ operation, path, id, body, behalf, deadline, cancellation });
    },

    delete(id, behalf, deadline, cancellation = null) {
      const operation = operations.delete;
      const request = { operation, path: pathOf(id), id, behalf, deadline, cancellation };
      return client.ask(request, (_body, { status }) =>
        isDeletion(status) ? undefined : new Malformed(`status ${status} to a deletion`),
      );
    },
  };
}

/** What a deletion is answered with, at once or soon, and at a later attempt what is gone. */
function isDeletion(status: number): boolean {
  return [200, 202, 204, 205].includes(status) || status >= 400;
}

function pathOf(id: string): string {
  return `${collection}/${encodeURIComponent(id)}`;
}

function listPath({ page, perPage, agentId, workflowId }: ListQuery): string {
  const query = new URLSearchParams({ page: String(page), per_page: String(perPage) });
  if (agentId !== null) query.set('agent_id', agentId);
  if (workflowId !== null) query.set('workflow_id', workflowId);
  return `${collection}?${query.toString()}`;
}

/**
 * A JSON object of the members that have a value. To the API null and absent mean the same; absent
 * is what every version of it understands.
 */
function writeMembers(members: readonly (readonly [name: string, text: string | null])[]): string {
  let body = '{';
  for (const [name, text] of members) {
    if (text !== null) body += `${body.length > 1 ? ',' : ''}"${name}":${text}`;
  }
  return `${body}}`;
}

function quoteOptional(text: string | null): string | null {
  return text === null ? null : quoteJson(text);
}

function textOf(json: JsonText | null): string | null {
  return json === null ? null : json.text;
}

const unreadable = new Malformed('the body is no JSON in UTF-8');

/** What is read of a body, and what is wrong with it. */
class Reading {
  context = new WireContext();
  readonly items: ExecutionContext[] = [];
  hasItems = false;
  hasMore: boolean | null = null;
  /** The key and the type that it had, never the value. */
  malformed: string | null = null;
  hasMalformedDate = false;
}

/** A context whose members are yet to come. */
class WireContext implements ExecutionContext {
  id = '';
  agentId: string | null = null;
  workflowId: string | null = null;
  userId: string | null | undefined = undefined;
  sessionId: string | null = null;
  context: JsonText | null = null;
  createdAt: string | null = null;
}

type TextKey = 'id' | 'agentId' | 'workflowId' | 'userId' | 'sessionId' | 'createdAt';

interface ContextMember {
  /** Its key on the wire. */
  readonly wire: string;
  readonly key: Uint8Array;
  readonly name: TextKey | 'context';
}

const contextMembers: readonly ContextMember[] = (
  [
    ['id', 'id'],
    ['agent_id', 'agentId'],
    ['workflow_id', 'workflowId'],
    ['user_id', 'userId'],
    ['session_id', 'sessionId'],
    ['context', 'context'],
    ['created_at', 'createdAt'],
  ] as const
).map(([wire, name]) => ({ wire, key: keyOf(wire), name }));

const dataKey = keyOf('data');
const hasMoreKey = keyOf('has_more');

/**
 * Reads a context. Unknown keys are ignored; known ones must be absent, null or of their type: half
 * an answer is none.
 */
function readContext(source: JsonSource, reading: Reading): ExecutionContext | Malformed {
  const start = skipSpace(source.bytes, 0);
  const end = readOneContext(source, reading, start);
  return conclude(source, reading, end) ?? reading.context;
}

/** Reads `{"data": [context…], "has_more": bool}`. */
function readPage(source: JsonSource, reading: Reading): ExecutionContextPage | Malformed {
  const start = skipSpace(source.bytes, 0);
  const end = readMembers(source, start, reading, visitPageMember);
  const { items, hasItems, hasMore } = reading;
  if (end > 0 && !hasItems) reading.malformed = 'data is missing';
  else if (end > 0 && hasMore === null) reading.malformed = 'has_more is missing';
  return conclude(source, reading, end) ?? { items, hasMore: hasMore === true };
}

/** What is wrong with a body that was read up to `end`; `null` where nothing is. */
function conclude(source: JsonSource, { malformed }: Reading, end: number): Malformed | null {
  if (malformed !== null) return new Malformed(malformed);
  const { bytes } = source;
  return end > 0 && skipSpace(bytes, end) === bytes.length ? null : unreadable;
}

function readOneContext(source: JsonSource, reading: Reading, at: number): number {
  reading.context = new WireContext();
  const end = readMembers(source, at, reading, visitContextMember);
  if (end > 0 && reading.context.id === '') return refuse(reading, 'id is missing or empty');
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
  if (isKey(source, from, to, dataKey, 'data')) {
    if (bytes[at] !== ARRAY) return refuse(reading, `data is ${typeAt(source, at)}`);
    // Of two lists the last one counts.
    reading.items.length = 0;
    reading.hasItems = true;
    return readItems(source, at, reading, visitItem);
  }
  const end = endOfValue(bytes, at);
  if (end > 0 && isKey(source, from, to, hasMoreKey, 'has_more')) {
    const isBoolean = bytes[at] === TRUE || bytes[at] === FALSE;
    if (!isBoolean) return refuse(reading, `has_more is ${typeAt(source, at)}`);
    reading.hasMore = bytes[at] === TRUE;
  }
  return end;
}

function visitItem(source: JsonSource, reading: Reading, at: number): number {
  if (source.bytes[at] !== OBJECT) return refuse(reading, `an item is ${typeAt(source, at)}`);
  const end = readOneContext(source, reading, at);
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
  const { bytes } = source;
  for (const member of contextMembers) {
    if (keyIs(bytes, from, to, member.key)) return readMember(source, reading, at, member);
  }
  if (hasEscape(bytes, from, to)) {
    const key = source.string(from - 1, to + 1);
    const member = contextMembers.find(({ wire }) => wire === key);
    if (member !== undefined) return readMember(source, reading, at, member);
  }
  return endOfValue(bytes, at);
}

function readMember(
  source: JsonSource,
  reading: Reading,
  at: number,
  { name, wire }: ContextMember,
): number {
  return name === 'context'
    ? readState(source, reading, at)
    : readText(source, reading, at, name, wire);
}

function readState(source: JsonSource, reading: Reading, at: number): number {
  const end = endOfValue(source.bytes, at, maxContextDepth);
  if (end === TOO_DEEP) {
    return refuse(reading, `context nests deeper than ${maxContextDepth} levels`);
  }
  if (end > 0) {
    reading.context.context =
      source.bytes[at] === NULL ? null : new JsonText(source.slice(at, end));
  }
  return end;
}

function readText(
  source: JsonSource,
  reading: Reading,
  at: number,
  name: TextKey,
  wire: string,
): number {
  const { context } = reading;
  const end = endOfValue(source.bytes, at);
  if (end < 0) return end;
  const isNull = source.bytes[at] === NULL;
  if (name === 'id') {
    if (source.bytes[at] !== QUOTE) return refuse(reading, `id is ${typeAt(source, at)}`);
    context.id = source.string(at, end);
    return end;
  }
  if (!isNull && source.bytes[at] !== QUOTE) {
    return refuse(reading, `${wire} is ${typeAt(source, at)}`);
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

function isKey(
  source: JsonSource,
  from: number,
  to: number,
  key: Uint8Array,
  name: string,
): boolean {
  if (keyIs(source.bytes, from, to, key)) return true;
  return hasEscape(source.bytes, from, to) && source.string(from - 1, to + 1) === name;
}

function refuse(reading: Reading, what: string): -1 {
  reading.malformed = what;
  return -1;
}

/** The first bytes of tokens. */
const QUOTE = 0x22;
const ARRAY = 0x5b;
const OBJECT = 0x7b;
const TRUE = 0x74;
const FALSE = 0x66;
const NULL = 0x6e;

/** The type of the value at `at`, in words for a log. */
function typeAt({ bytes }: JsonSource, at: number): string {
  return types.get(bytes[at] ?? 0) ?? 'a number';
}

const types: ReadonlyMap<number, string> = new Map([
  [QUOTE, 'a string'],
  [ARRAY, 'an array'],
  [OBJECT, 'an object'],
  [TRUE, 'a boolean'],
  [FALSE, 'a boolean'],
  [NULL, 'null'],
]);
