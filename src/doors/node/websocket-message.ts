import {
  JsonSource,
  LETTER_N,
  OPEN_BRACE,
  QUOTE,
  endOfValue,
  hasEscape,
  keyIs,
  keyOf,
  parseJson,
  readMembers,
  skipSpace,
} from '../../json/index.ts';

/** A message of the subprotocol `graphql-transport-ws`, its payload not yet read. */
export interface Message {
  type: string | null;
  id: string | null;
  payload: Buffer | null;
}

const typeKey = keyOf('type');
const idKey = keyOf('id');
const payloadKey = keyOf('payload');

/** Returns `null` where the message is not a JSON object, or one of its members has a wrong type. */
export function readMessage(data: Buffer): Message | null {
  const source = JsonSource.of(data);
  if (source === null) return null;
  const message: Message = { type: null, id: null, payload: null };
  const end = readMembers(source, skipSpace(data, 0), message, visitMember);
  return end > 0 && skipSpace(data, end) === data.length ? message : null;
}

function visitMember(
  source: JsonSource,
  message: Message,
  from: number,
  to: number,
  at: number,
): number {
  const { bytes } = source;
  const end = endOfValue(bytes, at);
  if (end < 0 || hasEscape(bytes, from, to)) return -1;
  if (keyIs(bytes, from, to, payloadKey)) {
    if (bytes[at] !== OPEN_BRACE) return bytes[at] === LETTER_N ? end : -1;
    message.payload = bytes.subarray(at, end);
  } else if (keyIs(bytes, from, to, typeKey) || keyIs(bytes, from, to, idKey)) {
    if (bytes[at] !== QUOTE) return -1;
    const text = source.string(at, end);
    if (keyIs(bytes, from, to, idKey)) message.id = text;
    else message.type = text;
  }
  return end;
}

/** Reads the `authorization` of a `connection_init`, in any case: clients spell it like the header. */
export function readAuthorization(payload: Buffer): string | null {
  const parameters = parseJson(payload.toString()) as Readonly<Record<string, unknown>>;
  for (const [name, value] of Object.entries(parameters)) {
    if (name.toLowerCase() === 'authorization' && typeof value === 'string') return value;
  }
  return null;
}
