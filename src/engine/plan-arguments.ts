import {
  GraphQLBoolean,
  GraphQLInt,
  GraphQLString,
  Kind,
  getArgumentValues,
  getVariableValues,
  isInputObjectType,
  isNonNullType,
  typeFromAST,
  valueFromAST,
  visit,
  type FieldNode,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type ValueNode,
  type VariableDefinitionNode,
} from 'graphql';

import {
  JsonText,
  endOfValue,
  hasEscape,
  jsonText,
  keyIs,
  keyOf,
  parseJson,
  readMembers,
  type JsonSource,
} from '../json/index.ts';

/** The arguments of each of an operation's root fields, in order. */
export type FieldArguments = readonly Readonly<Record<string, unknown>>[];

/** A root field as it stands in the document, and as the schema defines it. */
export interface RootField {
  readonly node: FieldNode;
  readonly definition: GraphQLField<unknown, unknown>;
}

/** Reads the arguments of an operation out of the variables of a request. */
export interface ArgumentsReader {
  /**
   * Reads the variables at `at` into `target`, whose `args` are null where the variables are wrong in
   * any way: graphql-js has to say what is wrong.
   *
   * @param at - Where the variables are in `source`; -1: there are none.
   * @returns The index after the variables, or a negative number where they are no JSON.
   */
  read(source: JsonSource, at: number, target: ArgumentsTarget): number;
}

export interface ArgumentsTarget {
  args: FieldArguments | null;
}

/** The document is of a kind that plans do not cover; it is executed the long way, and rightly so. */
export class NotPlannable extends Error {}

/**
 * Prepares the reading of an operation's arguments. Where all variables are of simple types they are
 * read straight from the bytes, JSON values as slices; else, and wherever something is out of the
 * ordinary, the values go through graphql-js' own coercion.
 *
 * @throws NotPlannable where a variable is named `__proto__`.
 */
export function compileArguments(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fields: readonly RootField[],
): ArgumentsReader {
  const definitions = operation.variableDefinitions ?? [];
  // Its value would be lost, or become a prototype: what is made of that is for the long way to say.
  if (definitions.some(({ variable }) => variable.name.value === '__proto__')) {
    throw new NotPlannable('a variable named __proto__');
  }
  const variables = definitions
    .map((definition) => compileVariable(schema, definition))
    .filter((variable) => variable !== null);
  const templates = fields.map(compileTemplates).filter((template) => template !== null);
  const isDirect = variables.length === definitions.length && templates.length === fields.length;

  /** @param text - Of the variables, which is valid JSON; `null`: there are none. */
  function coerce(text: string | null): FieldArguments | null {
    try {
      const inputs = text === null ? {} : parseJson(text);
      if (typeof inputs !== 'object' || Array.isArray(inputs) || inputs instanceof JsonText) {
        return null;
      }
      const values = (inputs ?? {}) as Record<string, unknown>;
      const { coerced } = getVariableValues(schema, definitions, values, { maxErrors: 1 });
      if (coerced === undefined) return null;
      return fields.map(({ definition, node }) => getArgumentValues(definition, node, coerced));
    } catch {
      // Nothing has run: what is wrong is for the long way to say.
      return null;
    }
  }

  function readAndCoerce(source: JsonSource, at: number, target: ArgumentsTarget): number {
    if (at < 0) {
      target.args = coerce(null);
      return 0;
    }
    const end = endOfValue(source.bytes, at);
    if (end < 0) return end;
    target.args = coerce(source.slice(at, end));
    return end;
  }

  if (!isDirect) return { read: readAndCoerce };
  return {
    read(source, at, target) {
      const values: Values = {};
      let end = 0;
      if (at >= 0) {
        end =
          source.bytes[at] === NULL
            ? endOfValue(source.bytes, at)
            : readMembers(source, at, { members: variables, values }, visitVariable);
        if (end < 0) return readAndCoerce(source, at, target);
      }
      target.args = hasAllRequired(variables, values) ? fillTemplates(templates, values) : null;
      return target.args === null ? readAndCoerce(source, at, target) : end;
    },
  };
}

type Values = Record<string, unknown>;

/** The first bytes of tokens. */
const NULL = 0x6e;
const TRUE = 0x74;
const FALSE = 0x66;
const QUOTE = 0x22;
const OBJECT = 0x7b;
const ARRAY = 0x5b;

/** How a value of some input type is read from the bytes of a request. */
type Reader = { readonly required: boolean } & (
  | { readonly kind: 'string' | 'json' | 'int' | 'boolean' }
  | { readonly kind: 'object'; readonly members: readonly Member[] }
);

/** A variable, or a field of an input object. */
interface Member {
  readonly name: string;
  readonly key: Uint8Array;
  readonly reader: Reader;
}

/** What the API itself takes, and so the depth up to which a value is read as a slice. */
const maxDirectDepth = 128;

const scalarKinds: ReadonlyMap<string, 'string' | 'json' | 'int' | 'boolean'> = new Map([
  [GraphQLString.name, 'string'],
  ['ID', 'string'],
  ['JSON', 'json'],
  [GraphQLInt.name, 'int'],
  [GraphQLBoolean.name, 'boolean'],
]);

/** Whether every object has a member of that name, so that one of an object's own cannot be told. */
function isInherited(name: string): boolean {
  return name in Object.prototype;
}

/** `null` where the variable takes graphql-js' coercion: it has a default, or is of another type. */
function compileVariable(
  schema: GraphQLSchema,
  { variable, type: typeNode, defaultValue }: VariableDefinitionNode,
): Member | null {
  if (defaultValue !== undefined) return null;
  const type = typeFromAST(schema, typeNode) as GraphQLInputType | undefined;
  const reader = type === undefined ? null : compileReader(type, 0);
  const name = variable.name.value;
  return reader === null || isInherited(name) ? null : { name, key: keyOf(name), reader };
}

/** Input objects may contain themselves; real ones are not deep. */
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

/** Variables that the operation does not declare are ignored, as graphql-js does. */
function visitVariable(
  source: JsonSource,
  { members, values }: Reading,
  from: number,
  to: number,
  at: number,
): number {
  const member = findMember(source, members, from, to);
  if (member !== null) return readValue(source, at, member, values);
  // A key with an escape in it may be any name.
  return hasEscape(source.bytes, from, to) ? -1 : endOfValue(source.bytes, at);
}

/** Fields that an input object does not have are an error, whose message is graphql-js'. */
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

/** Reads the value at `at` into `values`. Answers the index after it, or -1 to leave it to coercion. */
function readValue(
  source: JsonSource,
  at: number,
  { name, reader }: Member,
  values: Values,
): number {
  const { bytes } = source;
  if (bytes[at] === NULL) {
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
      if (bytes[at] !== TRUE && bytes[at] !== FALSE) return -1;
      values[name] = bytes[at] === TRUE;
      return endOfValue(bytes, at);
  }
}

/** Objects and arrays stay as they were written; scalars get the one spelling that coercion gives. */
function toJsonText(source: JsonSource, at: number, end: number): JsonText {
  const first = source.bytes[at];
  const text = source.slice(at, end);
  const isContainer = first === OBJECT || first === ARRAY;
  return isContainer ? new JsonText(text, maxDirectDepth) : jsonText(parseJson(text));
}

function hasAllRequired(members: readonly Member[], values: Values): boolean {
  for (const { name, reader } of members) {
    if (reader.required && values[name] === undefined) return false;
  }
  return true;
}

/** An argument: a constant, or a whole variable. */
interface ArgumentTemplate {
  readonly name: string;
  readonly variable: string | null;
  /** The constant; for a variable that was not given, the argument's default. */
  readonly value: unknown;
  readonly required: boolean;
}

/** `null` where an argument has a variable inside, or a constant that is not plainly valid. */
function compileTemplates({ node, definition }: RootField): readonly ArgumentTemplate[] | null {
  const templates: ArgumentTemplate[] = [];
  for (const { name, type, defaultValue } of definition.args) {
    const given = node.arguments?.find((argument) => argument.name.value === name)?.value;
    const required = isNonNullType(type);
    if (given?.kind === Kind.VARIABLE) {
      const variable = given.name.value;
      templates.push({ name, variable, value: defaultValue, required });
    } else if (given !== undefined) {
      const value: unknown = hasVariable(given) ? undefined : valueFromAST(given, type);
      if (value === undefined) return null;
      templates.push({ name, variable: null, value, required });
    } else if (defaultValue !== undefined) {
      templates.push({ name, variable: null, value: defaultValue, required });
    } else if (required) {
      return null;
    }
  }
  return templates;
}

function hasVariable(value: ValueNode): boolean {
  let found = false;
  visit(value, {
    Variable() {
      found = true;
    },
  });
  return found;
}

function fillTemplates(
  templates: readonly (readonly ArgumentTemplate[])[],
  values: Values,
): FieldArguments | null {
  const all: Values[] = [];
  for (const template of templates) {
    const args: Values = {};
    for (const { name, variable, value, required } of template) {
      const given = variable === null ? value : (values[variable] ?? undefined);
      const isNull = variable !== null && values[variable] === null;
      if (given !== undefined) args[name] = given;
      else if (isNull) {
        if (required) return null;
        args[name] = null;
      } else if (value !== undefined) args[name] = value;
      else if (required) return null;
    }
    all.push(args);
  }
  return all;
}
