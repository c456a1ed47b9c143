import {
  Kind,
  getArgumentValues,
  getVariableValues,
  isNonNullType,
  valueFromAST,
  visit,
  type FieldNode,
  type GraphQLField,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type ValueNode,
} from 'graphql';

import { JsonText, endOfValue, parseJson, type JsonSource } from '../json/index.ts';
import { compileVariable, hasAllRequired, readVariables, type Values } from './variable-reader.ts';

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
   * Reads the arguments into `target`, from the variables at `at`. They are `null` where the variables
   * are invalid: Yoga executes the request, and graphql-js reports what is wrong.
   *
   * @param at - Where the variables are in `source`; -1 where there are none.
   * @returns The index after the variables, or a negative number where they are not valid JSON.
   */
  read(source: JsonSource, at: number, target: ArgumentsTarget): number;
}

/** Receives the arguments that an {@link ArgumentsReader} reads. */
export interface ArgumentsTarget {
  args: FieldArguments | null;
}

/** Thrown for a document of a kind that plans do not cover. It is executed by Yoga instead. */
export class NotPlannable extends Error {}

/**
 * Compiles the reader of an operation's arguments. Where all variables are of simple types, they are
 * read directly from the bytes, JSON values as slices. Otherwise, and for any unusual value, graphql-js
 * coerces them.
 *
 * @throws {NotPlannable} where a variable is named `__proto__`.
 */
export function compileArguments(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fields: readonly RootField[],
): ArgumentsReader {
  const definitions = operation.variableDefinitions ?? [];
  // As a member of an object its value would be lost, or become the prototype: Yoga executes it.
  if (definitions.some(({ variable }) => variable.name.value === '__proto__')) {
    throw new NotPlannable('a variable named __proto__');
  }
  const variables = definitions
    .map((definition) => compileVariable(schema, definition))
    .filter((variable) => variable !== null);
  const templates = fields.map(compileTemplates).filter((template) => template !== null);
  const isDirect = variables.length === definitions.length && templates.length === fields.length;

  /** @param end - Where the variables end that begin at `at` in `source`; -1 where there are none. */
  function coerce(source: JsonSource, at: number, end: number): FieldArguments | null {
    try {
      const inputs = end < 0 ? {} : parseJson(source.slice(at, end));
      if (typeof inputs !== 'object' || Array.isArray(inputs) || inputs instanceof JsonText) {
        return null;
      }
      const values = (inputs ?? {}) as Record<string, unknown>;
      const { coerced } = getVariableValues(schema, definitions, values, { maxErrors: 1 });
      if (coerced === undefined) return null;
      return fields.map(({ definition, node }) => getArgumentValues(definition, node, coerced));
    } catch {
      // Nothing has run yet. Yoga executes the request, and reports what is wrong.
      return null;
    }
  }

  function readAndCoerce(source: JsonSource, at: number, target: ArgumentsTarget): number {
    if (at < 0) {
      target.args = coerce(source, at, -1);
      return 0;
    }
    const end = endOfValue(source.bytes, at);
    if (end < 0) return end;
    target.args = coerce(source, at, end);
    return end;
  }

  if (!isDirect) return { read: readAndCoerce };
  return {
    read(source, at, target) {
      const values: Values = {};
      const end = at < 0 ? 0 : readVariables(source, at, variables, values);
      if (end < 0) return readAndCoerce(source, at, target);
      target.args = hasAllRequired(variables, values) ? fillTemplates(templates, values) : null;
      return target.args === null ? readAndCoerce(source, at, target) : end;
    },
  };
}

/** An argument: a constant, or a whole variable. */
interface ArgumentTemplate {
  readonly name: string;
  readonly variable: string | null;
  /** The constant; for a variable that was not given, the argument's default. */
  readonly value: unknown;
  readonly required: boolean;
}

/** Returns `null` where an argument contains a variable within its value, or an invalid constant. */
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

/** Returns `null` where a required argument has no value. */
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
