import {
  LETTER_N,
  QUOTE,
  endOfValue,
  hasEscape,
  keyIs,
  keyOf,
  readMembers,
  skipSpace,
  type JsonSource,
} from '../json/index.ts';
import type { FieldArguments } from './plan-arguments.ts';
import type { PlanCache } from './plan-cache.ts';
import type { Plan } from './plan.ts';

/** A planned request: the plan of its document, and the arguments. Nothing of it has run. */
export interface PreparedRequest {
  readonly plan: Plan;
  readonly args: FieldArguments;
}

interface Reading {
  readonly plans: PlanCache;
  plan: Plan | null;
  /** The key of a trusted document. */
  documentId: string | null;
  /** The key of a trusted or an automatic document. */
  hash: string | null;
  args: FieldArguments | null;
  /** Where the variables begin; -1 while none were found. */
  variablesAt: number;
  operationName: string | null;
}

const queryKey = keyOf('query');
const variablesKey = keyOf('variables');
const operationNameKey = keyOf('operationName');
const extensionsKey = keyOf('extensions');
const documentIdKey = keyOf('documentId');
const persistedQueryKey = keyOf('persistedQuery');
const sha256HashKey = keyOf('sha256Hash');
const versionKey = keyOf('version');

const digitOne = 0x31;

/**
 * Reads the body of a request in one scan: finds the plan of its document, and its arguments.
 *
 * @returns `null` where the document has no plan, and for any invalid or unusual request.
 */
export function readRequest(source: JsonSource, plans: PlanCache): PreparedRequest | null {
  const reading: Reading = {
    plans,
    plan: null,
    documentId: null,
    hash: null,
    args: null,
    variablesAt: -1,
    operationName: null,
  };
  const end = readMembers(source, 0, reading, visitParameter);
  if (end < 0 || skipSpace(source.bytes, end) !== source.bytes.length) return null;
  const { documentId, hash, variablesAt, operationName } = reading;
  const key = documentId ?? hash;
  const named = key === null ? reading.plan : plans.findByKey(key, documentId !== null);
  // A text sent with a key has to be verified, which Yoga does, unless both have the same plan.
  const plan = reading.plan === null || reading.plan === named ? named : null;
  if (plan === null || (operationName !== null && operationName !== plan.name)) return null;
  if (reading.args === null) plan.arguments.read(source, variablesAt, reading);
  return reading.args === null ? null : { plan, args: reading.args };
}

function visitParameter(
  source: JsonSource,
  reading: Reading,
  from: number,
  to: number,
  at: number,
): number {
  const { bytes } = source;
  if (keyIs(bytes, from, to, variablesKey)) {
    reading.variablesAt = at;
    // Most clients send the query first. Where it follows, the variables are read at the end.
    return reading.plan === null
      ? endOfValue(bytes, at)
      : reading.plan.arguments.read(source, at, reading);
  }
  const end = endOfValue(bytes, at);
  if (end < 0) return end;
  if (keyIs(bytes, from, to, queryKey)) {
    // A body with two queries is executed by Yoga.
    if (reading.plan !== null || bytes[at] !== QUOTE) return -1;
    reading.plan = reading.plans.find(source.slice(at, end));
    return reading.plan === null ? -1 : end;
  }
  if (keyIs(bytes, from, to, operationNameKey)) {
    const name = readOptionalString(source, at, end);
    if (name === undefined) return -1;
    reading.operationName = name;
    return end;
  }
  if (keyIs(bytes, from, to, documentIdKey)) {
    const documentId = readOptionalString(source, at, end);
    if (documentId === undefined) return -1;
    reading.documentId = documentId;
    return end;
  }
  if (keyIs(bytes, from, to, extensionsKey)) {
    // The last of two members counts.
    reading.hash = null;
    return bytes[at] === LETTER_N ? end : readMembers(source, at, reading, visitExtension);
  }
  // Yoga refuses an unknown parameter. An escape may hide a known one.
  return hasEscape(bytes, from, to) || bytes[at] !== LETTER_N ? -1 : end;
}

/** @returns `undefined` where the value is neither a string nor null. */
function readOptionalString(
  source: JsonSource,
  at: number,
  end: number,
): string | null | undefined {
  const first = source.bytes[at];
  if (first === QUOTE) return source.string(at, end);
  return first === LETTER_N ? null : undefined;
}

/** Unknown extensions are ignored, as they are in requests that Yoga executes. */
function visitExtension(
  source: JsonSource,
  reading: Reading,
  from: number,
  to: number,
  at: number,
): number {
  const { bytes } = source;
  if (keyIs(bytes, from, to, persistedQueryKey)) {
    reading.hash = null;
    const end = readMembers(source, at, reading, visitPersistedQuery);
    return hasHash(reading) ? end : -1;
  }
  return hasEscape(bytes, from, to) ? -1 : endOfValue(bytes, at);
}

function hasHash({ hash }: Reading): boolean {
  return hash !== null;
}

function visitPersistedQuery(
  source: JsonSource,
  reading: Reading,
  from: number,
  to: number,
  at: number,
): number {
  const { bytes } = source;
  const end = endOfValue(bytes, at);
  if (end < 0) return end;
  if (keyIs(bytes, from, to, sha256HashKey)) {
    if (bytes[at] !== QUOTE) return -1;
    reading.hash = source.string(at, end);
    return end;
  }
  const isVersionOne =
    keyIs(bytes, from, to, versionKey) && end === at + 1 && bytes[at] === digitOne;
  return isVersionOne ? end : -1;
}
