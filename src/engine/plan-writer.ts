import {
  GraphQLError,
  Kind,
  getNamedType,
  getNullableType,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  locatedError,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';

import { JsonOutput, JsonText, OutputTooLong, quoteJson, writeJson } from '../json/index.ts';
import { NotPlannable } from './plan-arguments.ts';
import type { RequestContext } from './request-context.ts';

/**
 * Writes the selected fields of a value of one object type.
 *
 * @throws {GraphQLError} for a bug in a non-null field, with its path. The output then ends with a
 *   part of the value.
 * @throws {OutputTooLong} where the result is too large.
 */
export type ObjectWriter = (value: object, writing: Writing) => void;

/** Writes a value. A writer of leaves writes either the whole value or nothing. */
type ValueWriter = (value: unknown, writing: Writing) => void;

/**
 * The state of writing one root field's result: the request, the output, the current path, and the
 * errors so far. As GraphQL specifies ("Handling Field Errors"), a nullable field that fails becomes
 * null; the error of a non-null field is thrown up to the nearest nullable place.
 */
export class Writing {
  readonly request: RequestContext;
  readonly output: JsonOutput;
  /** The path of the object whose fields are being written. */
  readonly path: (string | number)[];
  /** The errors of the fields that became null. */
  errors: GraphQLError[] | null = null;

  /**
   * @param key - The response key of the root field.
   * @param maxLength - The maximum length of its JSON; beyond it, writing throws {@link OutputTooLong}.
   */
  constructor(request: RequestContext, key: string, maxLength: number) {
    this.request = request;
    this.output = new JsonOutput(maxLength);
    this.path = [key];
  }

  /**
   * Handles the error of a field or of a list item: records it and writes null where that is allowed.
   *
   * @throws {GraphQLError} The error, where the place is non-null.
   * @throws {OutputTooLong} unchanged: it is the whole result that is too large, not a field that failed.
   */
  failed(error: unknown, key: string | number, { nodes, isNullable }: Place): void {
    if (error instanceof OutputTooLong) throw error;
    const located = locate(error, nodes, [...this.path, key]);
    if (!isNullable) throw located;
    (this.errors ??= []).push(located);
    this.output.write('null');
  }
}

/** Adds its location and path to an error; an error that has a path keeps it. */
export function locate(
  error: unknown,
  nodes: readonly FieldNode[],
  path: readonly (string | number)[],
): GraphQLError {
  return locatedError(error instanceof Error ? error : new Error(String(error)), nodes, path);
}

/** A place in the result, as far as errors there need it. */
interface Place {
  readonly nodes: readonly FieldNode[];
  readonly isNullable: boolean;
}

/**
 * The maximum number of fields in a plan. A field counts once for each member of a union and for each
 * spread of its fragment, so that a short document can have very many. A document whose aliases reach
 * a rate limit has some 2,500.
 */
const maxFields = 4_000;

/** Compiles the writers of one document. */
export class WriterCompiler {
  readonly #schema: GraphQLSchema;
  readonly #fragments = new Map<string, FragmentDefinitionNode>();
  #fieldCount = 0;

  constructor(schema: GraphQLSchema, { definitions }: DocumentNode) {
    this.#schema = schema;
    for (const definition of definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) {
        this.#fragments.set(definition.name.value, definition);
      }
    }
  }

  /** The number of fields in all writers compiled so far. */
  get fieldCount(): number {
    return this.#fieldCount;
  }

  /**
   * Compiles the writer of an object's selected fields.
   *
   * @throws {NotPlannable} where the selections contain directives, arguments or abstract types, or too
   *   many fields.
   */
  objectWriter(type: GraphQLObjectType, selections: readonly SelectionSetNode[]): ObjectWriter {
    const fields = new Map<string, FieldNode[]>();
    // Each fragment is collected once, however often it is spread: a document can double the spreads
    // at every level.
    const spread = new Set<string>();
    for (const set of selections) this.#collect(type, set, fields, spread);

    // The constant text before a value is one string, which includes fields whose value is constant.
    const steps: Step[] = [];
    let text = '{';
    for (const [key, nodes] of fields) {
      text += `${text === '{' && steps.length === 0 ? '' : ','}${JSON.stringify(key)}:`;
      const [{ name }] = nodes as [FieldNode];
      if (name.value === '__typename') {
        text += JSON.stringify(type.name);
      } else {
        steps.push(this.#compileStep(type, name.value, key, nodes, text));
        text = '';
      }
    }
    return writeSteps(steps, `${text}}`);
  }

  #collect(
    type: GraphQLObjectType,
    { selections }: SelectionSetNode,
    fields: Map<string, FieldNode[]>,
    spread: Set<string>,
  ): void {
    for (const node of selections) {
      if (node.directives?.length) throw new NotPlannable('a directive');
      if (node.kind === Kind.FIELD) {
        this.#fieldCount += 1;
        if (this.#fieldCount > maxFields) throw new NotPlannable('too many fields');
        const key = node.alias?.value ?? node.name.value;
        const known = fields.get(key);
        if (known === undefined) fields.set(key, [node]);
        else known.push(node);
        continue;
      }
      if (node.kind === Kind.FRAGMENT_SPREAD) {
        if (spread.has(node.name.value)) continue;
        spread.add(node.name.value);
      }
      const fragment =
        node.kind === Kind.INLINE_FRAGMENT ? node : this.#fragments.get(node.name.value);
      if (fragment === undefined || fragment.directives?.length) {
        throw new NotPlannable('a fragment with a directive');
      }
      if (this.#applies(fragment.typeCondition?.name.value, type)) {
        this.#collect(type, fragment.selectionSet, fields, spread);
      }
    }
  }

  #applies(condition: string | undefined, type: GraphQLObjectType): boolean {
    if (condition === undefined || condition === type.name) return true;
    const on = this.#schema.getType(condition);
    return isAbstractType(on) && this.#schema.isSubType(on, type);
  }

  #compileStep(
    parent: GraphQLObjectType,
    name: string,
    key: string,
    nodes: readonly FieldNode[],
    text: string,
  ): Step {
    const field = parent.getFields()[name];
    if (field === undefined || field.args.length > 0) throw new NotPlannable('arguments');
    const coordinate = `${parent.name}.${name}`;
    return {
      text,
      name,
      key,
      nodes,
      isNullable: !isNonNullType(field.type),
      isLeaf: isLeafType(getNullableType(field.type)),
      resolve: field.resolve,
      write: this.#valueWriter(field.type, nodes, coordinate),
    };
  }

  #valueWriter(
    type: GraphQLOutputType,
    nodes: readonly FieldNode[],
    coordinate: string,
  ): ValueWriter {
    if (isNonNullType(type)) {
      const write = this.#nullableWriter(type.ofType, nodes, coordinate);
      return (value, writing) => {
        if (value === null || value === undefined) {
          throw new Error(`Cannot return null for non-nullable field ${coordinate}.`);
        }
        write(value, writing);
      };
    }
    const write = this.#nullableWriter(type, nodes, coordinate);
    return (value, writing) => {
      if (value === null || value === undefined) writing.output.write('null');
      else write(value, writing);
    };
  }

  #nullableWriter(
    type: Exclude<GraphQLOutputType, { ofType: GraphQLOutputType } & { readonly nonNull: true }>,
    nodes: readonly FieldNode[],
    coordinate: string,
  ): ValueWriter {
    if (isLeafType(type)) return leafWriter(type);
    if (isObjectType(type)) {
      const write = this.objectWriter(type, selectionsOf(nodes));
      return (value, writing) => {
        write(value as object, writing);
      };
    }
    if (isListType(type)) {
      const itemType = type.ofType as GraphQLOutputType;
      const place = { nodes, isNullable: !isNonNullType(itemType) };
      return listWriter(this.#valueWriter(itemType, nodes, coordinate), place, coordinate);
    }
    throw new NotPlannable(`the abstract type ${getNamedType(type).name}`);
  }
}

interface Step extends Place {
  /** The constant text before the value. */
  readonly text: string;
  readonly name: string;
  readonly key: string;
  /** Whether the value is a leaf, within which no other path can occur. */
  readonly isLeaf: boolean;
  readonly resolve: GraphQLField<unknown, unknown>['resolve'];
  readonly write: ValueWriter;
}

const noArguments = Object.freeze({});
/** Passed to the resolvers of fields below the root, which compute values and do not use it. */
const noInfo = Object.freeze({}) as GraphQLResolveInfo;

function writeSteps(steps: readonly Step[], tail: string): ObjectWriter {
  return (value, writing) => {
    const { output } = writing;
    for (const step of steps) {
      output.write(step.text);
      if (step.isLeaf) writeLeaf(step, value, writing);
      else writeComposite(step, value, writing);
    }
    output.write(tail);
  };
}

function writeLeaf(step: Step, source: object, writing: Writing): void {
  try {
    step.write(readField(step, source, writing.request), writing);
  } catch (error) {
    writing.failed(error, step.key, step);
  }
}

function writeComposite(step: Step, source: object, writing: Writing): void {
  const { path, output } = writing;
  const depth = path.length;
  const mark = output.mark();
  try {
    const value = readField(step, source, writing.request);
    path.push(step.key);
    step.write(value, writing);
    path.length = depth;
  } catch (error) {
    path.length = depth;
    output.cutBack(mark);
    writing.failed(error, step.key, step);
  }
}

/**
 * Reads the value of a field; without a resolver, as the default resolver of graphql-js does.
 *
 * @throws {Error} The value itself, where it is an error.
 */
function readField({ name, resolve }: Step, source: object, request: RequestContext): unknown {
  let value: unknown;
  if (resolve !== undefined) {
    value = resolve(source, noArguments, request, noInfo);
  } else {
    value = (source as Readonly<Record<string, unknown>>)[name];
    if (typeof value === 'function') value = value.call(source, noArguments, request, noInfo);
  }
  if (value instanceof Promise) throw new TypeError(`The field ${name} is asynchronous.`);
  if (value instanceof Error) throw value;
  return value;
}

function listWriter(writeItem: ValueWriter, place: Place, coordinate: string): ValueWriter {
  return (list, writing) => {
    if (!isIterable(list)) {
      throw new GraphQLError(`Expected Iterable, but did not find one for field "${coordinate}".`);
    }
    const { path, output } = writing;
    const depth = path.length;
    let index = 0;
    for (const item of list) {
      output.write(index === 0 ? '[' : ',');
      path[depth] = index;
      const mark = output.mark();
      try {
        if (item instanceof Error) throw item;
        writeItem(item, writing);
      } catch (error) {
        path.length = depth;
        output.cutBack(mark);
        writing.failed(error, index, place);
      }
      index += 1;
    }
    path.length = depth;
    output.write(index === 0 ? '[]' : ']');
  };
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

function selectionsOf(nodes: readonly FieldNode[]): SelectionSetNode[] {
  return nodes.map(({ selectionSet }) => selectionSet).filter((set) => set !== undefined);
}

function leafWriter(type: GraphQLLeafType): ValueWriter {
  return (value, { output }) => {
    const serialized = serialize(type, value);
    if (typeof serialized === 'string') output.write(quoteJson(serialized));
    else if (serialized instanceof JsonText) output.writeValue(serialized);
    else output.write(writeJson(serialized));
  };
}

/**
 * Serializes a leaf. A value that is not of its type is a bug: the GraphQLError of graphql-js is
 * replaced because the mask would show it to the client.
 */
function serialize(type: GraphQLLeafType, value: unknown): unknown {
  let serialized: unknown;
  try {
    serialized = type.serialize(value);
  } catch (error) {
    throw error instanceof GraphQLError ? new Error(error.message) : error;
  }
  if (serialized === null || serialized === undefined) {
    throw new Error(`${type.name} has serialized a value as ${String(serialized)}.`);
  }
  return serialized;
}
