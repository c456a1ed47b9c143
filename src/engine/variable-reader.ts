import {
  GraphQLBoolean,
  GraphQLInt,
  GraphQLString,
  isInputObjectType,
  isNonNullType,
  typeFromAST,
  type GraphQLInputType,
  type GraphQLSchema,
  type VariableDefinitionNode,
} from 'graphql';

import {
  JsonText,
  LETTER_F,
  LETTER_N,
  LETTER_T,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  endOfValue,
  hasEscape,
  jsonText,
  keyIs,
  keyOf,
  parseJson,
  readMembers,
  type JsonSource,
} from '../json/index.ts';

/** The values of variables, or of an input object's fields, by their names. */
export type Values = Record<string, unknown>;

/** How a value of some input type is read from the bytes of a request. */
type Reader = { readonly required: boolean } & (
  | { readonly kind: 'string' | 'json' | 'int' | 'boolean' }
  | { readonly kind: 'object'; readonly members: readonly Member[] }
);

/** A variable, or a field of an input object. */
export interface Member {
  readonly name: string;
  readonly key: Uint8Array;
  readonly reader: Reader;
}

/** The depth that the API itself accepts, and up to which a value is read as a slice. */
const maxDirectDepth = 128;

const scalarKinds: ReadonlyMap<string, 'string' | 'json' | 'int' | 'boolean'> = new Map([
  [GraphQLString.name, 'string'],
  ['ID', 'string'],
  ['JSON', 'json'],
  [GraphQLInt.name, 'int'],
  [GraphQLBoolean.name, 'boolean'],
]);

/** Whether every object inherits a member of that name, which could be taken for a given value. */
function isInherited(name: string): boolean {
  return name in Object.prototype;
}

/**
 * Compiles the reader of a variable.
 *
 * @returns `null` where graphql-js has to coerce the variable: it has a default, or is of another type.
 */
export function compileVariable(
  schema: GraphQLSchema,
  { variable, type: typeNode, defaultValue }: VariableDefinitionNode,
): Member | null {
  if (defaultValue !== undefined) return null;
  const type = typeFromAST(schema, typeNode) as GraphQLInputType | undefined;
  const reader = type === undefined ? null : compileReader(type, 0);
  const name = variable.name.value;
  return reader === null || isInherited(name) ? null : { name, key: keyOf(name), reader };
}

/** Input objects may be recursive; those in use are not deep. */
const maxObjectDepth = 4;

function compileReader(type: GraphQLInputType, depth: number): Reader | null {
  const required = isNonNullType(type);
  const inner = required ? type.ofType : type;
  if (isInputObjectType(inner)) {
    if (depth >= maxObjectDepth) return null;
    const members: Member[] = [];
    for (const field of Object.values(inner.getFields())) {
      if (field.defaultValue !== undefined || inner.isOneOf) return null;
      const reader = compileReader(field.type, depth + 1);
      if (reader === null || isInherited(field.name)) return null;
      members.push({ name: field.name, key: keyOf(field.name), reader });
    }
    return { required, kind: 'object', members };
  }
  const kind = 'name' in inner ? scalarKinds.get(inner.name) : undefined;
  return kind === undefined ? null : { required, kind };
}

interface Reading {
  readonly members: readonly Member[];
  readonly values: Values;
}

/**
 * Reads the object of variables (or null) at `at` into `values`.
 *
 * @returns The index after them, or a negative number to leave all of them to coercion.
 */
export function readVariables(
  source: JsonSource,
  at: number,
  members: readonly Member[],
  values: Values,
): number {
  return source.bytes[at] === LETTER_N
    ? endOfValue(source.bytes, at)
    : readMembers(source, at, { members, values }, visitVariable);
}

/** Ignores variables that the operation does not declare, as graphql-js does. */
function visitVariable(
  source: JsonSource,
  { members, values }: Reading,
  from: number,
  to: number,
  at: number,
): number {
  const member = findMember(source, members, from, to);
  if (member !== null) return readValue(source, at, member, values);
  // A key with an escape may spell any name.
  return hasEscape(source.bytes, from, to) ? -1 : endOfValue(source.bytes, at);
}

/** Leaves unknown fields of an input object to graphql-js, which reports them as errors. */
function visitField(
  source: JsonSource,
  { members, values }: Reading,
  from: number,
  to: number,
  at: number,
): number {
  const member = findMember(source, members, from, to);
  return member === null ? -1 : readValue(source, at, member, values);
}

function findMember(
  { bytes }: JsonSource,
  members: readonly Member[],
  from: number,
  to: number,
): Member | null {
  for (const member of members) {
    if (keyIs(bytes, from, to, member.key)) return member;
  }
  return null;
}

/**
 * Reads the value at `at` into `values`.
 *
 * @returns The index after it, or a negative number to leave all variables to coercion.
 */
function readValue(
  source: JsonSource,
  at: number,
  { name, reader }: Member,
  values: Values,
): number {
  const { bytes } = source;
  if (bytes[at] === LETTER_N) {
    if (reader.required) return -1;
    values[name] = null;
    return endOfValue(bytes, at);
  }
  switch (reader.kind) {
    case 'object': {
      const object: Values = {};
      values[name] = object;
      const end = readMembers(source, at, { members: reader.members, values: object }, visitField);
      return end < 0 || !hasAllRequired(reader.members, object) ? -1 : end;
    }
    case 'string': {
      if (bytes[at] !== QUOTE) return -1;
      const end = endOfValue(bytes, at);
      if (end > 0) values[name] = source.string(at, end);
      return end;
    }
    case 'json': {
      const end = endOfValue(bytes, at, maxDirectDepth);
      if (end > 0) values[name] = toJsonText(source, at, end);
      return end;
    }
    case 'int': {
      const end = endOfValue(bytes, at);
      if (end < 0 || end - at > 9) return -1;
      const digits = source.slice(at, end);
      if (!/^-?\d+$/.test(digits)) return -1;
      values[name] = Number(digits);
      return end;
    }
    case 'boolean':
      if (bytes[at] !== LETTER_T && bytes[at] !== LETTER_F) return -1;
      values[name] = bytes[at] === LETTER_T;
      return endOfValue(bytes, at);
  }
}

/** Objects and arrays stay as they were written; scalars are spelled as coercion would spell them. */
function toJsonText(source: JsonSource, at: number, end: number): JsonText {
  const first = source.bytes[at];
  return first === OPEN_BRACE || first === OPEN_BRACKET
    ? JsonText.slice(source, at, end, maxDirectDepth)
    : jsonText(parseJson(source.slice(at, end)));
}

/** Whether every required member has a value. */
export function hasAllRequired(members: readonly Member[], values: Values): boolean {
  for (const { name, reader } of members) {
    if (reader.required && values[name] === undefined) return false;
  }
  return true;
}
