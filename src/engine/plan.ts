import {
  Kind,
  OperationTypeNode,
  getOperationAST,
  getNullableType,
  isUnionType,
  type DocumentNode,
  type FieldNode,
  type GraphQLError,
  type GraphQLObjectType,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';

import { TypedError } from '../errors.ts';
import { JsonOutput, OutputTooLong } from '../json/index.ts';
import {
  NotPlannable,
  compileArguments,
  type ArgumentsReader,
  type FieldArguments,
  type RootField,
} from './plan-arguments.ts';
import { Writing, WriterCompiler, locate, type ObjectWriter } from './plan-writer.ts';
import type { RequestContext } from './request-context.ts';
import { outcomeOf, type Operation } from './operation.ts';
import { streamOf, type EventStream } from './latest-stream.ts';
import { StreamedResult, WrittenStream, writtenOnce } from './plan-stream.ts';
import { operationOf, resultUnionOf, type ResultUnion } from './result-union.ts';
import { maxDataLength, resultOf, resultTooLarge } from './result.ts';

/** A document with one operation, ready to run: it is validated, and its writers are compiled. */
export interface Plan {
  readonly kind: 'query' | 'mutation' | 'subscription';
  /** The operation's name; `null` where it has none. */
  readonly name: string | null;
  /** Whether it has several root fields. */
  readonly isSharing: boolean;
  /** The number of compiled fields, counted in each place where they are selected. */
  readonly fieldCount: number;
  readonly arguments: ArgumentsReader;
  /**
   * Runs the operation's fields, those of a mutation one after the other.
   *
   * @param done - Called exactly once. Must not throw.
   */
  run(args: FieldArguments, request: RequestContext, done: PlanDone): void;
  /** Opens the stream of a subscription; `null` for queries and mutations. */
  readonly open: OpenPlan | null;
}

/**
 * Opens a stream of results as JSON text. A refused subscription is a stream of one error.
 *
 * @param writeFailed - Writes a result with errors; its parameters are those of {@link PlanDone}.
 * @throws {Error} (rejecting) for a bug.
 */
export type OpenPlan = (
  args: FieldArguments,
  request: RequestContext,
  writeFailed: (data: JsonOutput | null, errors: readonly GraphQLError[]) => string,
) => Promise<EventStream<StreamedResult>>;

/**
 * Called with the result of a plan.
 *
 * @param data - `null` where a non-null field failed or the result is too large.
 * @param errors - Errors with their paths, not masked yet; `null` where there are none.
 */
export type PlanDone = (data: JsonOutput | null, errors: readonly GraphQLError[] | null) => void;

/**
 * Compiles the plan of a document that was parsed, checked against the limits, and validated.
 *
 * @returns `null` where plans do not cover the document: directives, fragments or a repeated key at the
 *   root, fields that are not operations, several operations, too many fields.
 */
export function createPlan(schema: GraphQLSchema, document: DocumentNode): Plan | null {
  try {
    return compile(schema, document);
  } catch (error) {
    if (error instanceof NotPlannable) return null;
    throw error;
  }
}

function compile(schema: GraphQLSchema, document: DocumentNode): Plan {
  const operation = getOperationAST(document);
  if (operation?.directives?.length !== 0) throw new NotPlannable('several operations');
  const root = rootTypeOf(schema, operation);
  const compiler = new WriterCompiler(schema, document);
  const fields = rootFields(operation, root).map((field, index) =>
    compileField(field, operation.operation, compiler, index),
  );
  const isSerial = operation.operation === OperationTypeNode.MUTATION;
  const isStream = operation.operation === OperationTypeNode.SUBSCRIPTION;
  return {
    kind: operation.operation,
    name: operation.name?.value ?? null,
    isSharing: fields.length > 1,
    fieldCount: compiler.fieldCount,
    arguments: compileArguments(schema, operation, fields),
    run(args, request, done) {
      new Run(fields, args, request, done).start(isSerial);
    },
    open: isStream ? openerOf(fields) : null,
  };
}

function rootTypeOf(schema: GraphQLSchema, { operation }: OperationDefinitionNode) {
  const type = schema.getRootType(operation);
  if (!type) throw new NotPlannable(operation);
  return type;
}

function rootFields(
  { selectionSet }: OperationDefinitionNode,
  root: GraphQLObjectType,
): readonly RootField[] {
  const keys = new Set<string>();
  return selectionSet.selections.map((node) => {
    if (node.kind !== Kind.FIELD || node.directives?.length) {
      throw new NotPlannable('a fragment or a directive at the root');
    }
    const key = keyOfField(node);
    if (keys.has(key)) throw new NotPlannable('one root key twice');
    keys.add(key);
    const definition = root.getFields()[node.name.value];
    if (definition === undefined) throw new NotPlannable(node.name.value);
    return { node, definition };
  });
}

interface PlannedField extends RootField {
  readonly key: string;
  readonly kind: OperationTypeNode;
  /** The JSON text before the result: a comma where needed, and the key. */
  readonly text: string;
  readonly operation: Operation;
  readonly union: ResultUnion;
  /** By the names of the union's members. */
  readonly writers: ReadonlyMap<string, ObjectWriter>;
}

function compileField(
  field: RootField,
  kind: OperationTypeNode,
  compiler: WriterCompiler,
  index: number,
): PlannedField {
  const { node, definition } = field;
  const operation = operationOf(definition);
  const type = getNullableType(definition.type);
  const union = resultUnionOf(type);
  if (operation === undefined || !isUnionType(type) || union === undefined || !node.selectionSet) {
    throw new NotPlannable(node.name.value);
  }
  const { selectionSet } = node;
  const writers = new Map(
    type.getTypes().map((member) => [member.name, compiler.objectWriter(member, [selectionSet])]),
  );
  const key = keyOfField(node);
  const text = `${index === 0 ? '' : ','}${JSON.stringify(key)}:`;
  return { ...field, key, kind, text, operation, union, writers };
}

function keyOfField({ alias, name }: FieldNode): string {
  return (alias ?? name).value;
}

/**
 * Writes the key and the value of a root field.
 *
 * @throws {TypeError} where the result union has no such member.
 * @throws {OutputTooLong} where the result is too large.
 */
function writeMember(
  { writers, text }: PlannedField,
  member: string,
  value: object,
  writing: Writing,
): void {
  const write = writers.get(member);
  if (write === undefined) throw new TypeError(`${member} is not a member of the result union.`);
  writing.output.write(text);
  write(value, writing);
}

/** Locates an error at a root field. An error from below keeps its path; a too large result has none. */
function errorAt({ key, node }: PlannedField, error: unknown): GraphQLError {
  if (error instanceof OutputTooLong) return resultTooLarge();
  return locate(error, [node], [key]);
}

/** The client that the events of a subscription are written for. */
interface Subscriber {
  readonly request: RequestContext;
  readonly writeFailed: Parameters<OpenPlan>[2];
}

/** A validated subscription has exactly one root field. */
function openerOf(fields: readonly PlannedField[]): OpenPlan {
  const [field] = fields;
  if (field === undefined) throw new NotPlannable('a subscription without a field');
  return openerOfField(field);
}

function openerOfField(field: PlannedField): OpenPlan {
  const { kind, node, key, operation, union } = field;

  function write(event: object, { request, writeFailed }: Subscriber): string {
    const writing = new Writing(request, key, maxFieldsLength);
    try {
      writeMember(field, union.memberOf(event), event, writing);
      const data = joined([writing.output]);
      return writing.errors === null
        ? resultOf(data).toString()
        : writeFailed(data, writing.errors);
    } catch (error) {
      return writeFailed(null, [...(writing.errors ?? []), errorAt(field, error)]);
    }
  }

  // Only errors have fields that depend on the request, so all subscribers can share a success.
  const writeSuccess = writtenOnce(write);

  return async (args, request, writeFailed) => {
    const subscriber = { request, writeFailed };
    const opened = await outcomeOf(operation, args[0] as object, request);
    const source =
      opened instanceof TypedError ? streamOf(opened) : (opened as EventStream<object>);
    return new WrittenStream<object>(source, (event) => {
      const member = union.memberOf(event);
      const code = event instanceof TypedError ? event.code : null;
      request.answered(kind, node.name.value, member, code);
      return code === null
        ? writeSuccess(event, subscriber)
        : new StreamedResult(write(event, subscriber));
    });
  };
}

/** One execution of a plan. */
class Run {
  readonly #fields: readonly PlannedField[];
  readonly #args: FieldArguments;
  readonly #request: RequestContext;
  readonly #done: PlanDone;
  readonly #results: JsonOutput[];
  #errors: readonly GraphQLError[] | null = null;
  #left: number;
  /** The remaining length for fields; negative once the result is too large. */
  #room = maxFieldsLength;
  #isSerial = false;
  #isDone = false;

  constructor(
    fields: readonly PlannedField[],
    args: FieldArguments,
    request: RequestContext,
    done: PlanDone,
  ) {
    this.#fields = fields;
    this.#args = args;
    this.#request = request;
    this.#done = done;
    this.#results = new Array<JsonOutput>(fields.length);
    this.#left = fields.length;
  }

  start(isSerial: boolean): void {
    this.#isSerial = isSerial;
    if (isSerial) this.#perform(0);
    else for (let index = 0; index < this.#fields.length; index += 1) this.#perform(index);
  }

  #perform(index: number): void {
    const field = this.#fields[index];
    if (field === undefined) return;
    try {
      field.operation.perform(this.#args[index] as object, this.#request).then(
        (value) => {
          // As in graphql-js, where a resolver that returns an error fails with it.
          if (value instanceof Error) this.#refuse(index, field, value);
          else this.#answer(index, field, value);
        },
        (error: unknown) => {
          this.#refuse(index, field, error);
        },
      );
    } catch (error) {
      this.#refuse(index, field, error);
    }
  }

  #refuse(index: number, field: PlannedField, error: unknown): void {
    if (error instanceof TypedError) this.#answer(index, field, error);
    else this.#fail(field, error, null);
  }

  /** @param outcome - The value of the operation, or the error that it was refused with. */
  #answer(index: number, field: PlannedField, outcome: unknown): void {
    const { kind, node, key, union, operation } = field;
    const writing = new Writing(this.#request, key, this.#room);
    try {
      const member = union.memberOf(outcome as object);
      const code = outcome instanceof TypedError ? outcome.code : null;
      this.#request.answered(kind, node.name.value, member, code);
      if (outcome === null || outcome === undefined) {
        throw new Error(`Cannot return null for non-nullable field ${operation.field}.`);
      }
      writeMember(field, member, outcome, writing);
      this.#results[index] = writing.output;
      this.#room -= writing.output.length;
    } catch (error) {
      if (!(error instanceof OutputTooLong)) {
        this.#fail(field, error, writing.errors);
        return;
      }
      // The other fields run all the same, so that the outcome does not depend on their order.
      this.#room = -1;
    }
    if (writing.errors !== null) this.#errors = [...(this.#errors ?? []), ...writing.errors];
    this.#left -= 1;
    if (this.#left === 0) this.#finish();
    else if (this.#isSerial) this.#perform(index + 1);
  }

  #finish(): void {
    if (this.#room >= 0) this.#end(joined(this.#results), this.#errors);
    else this.#end(null, [...(this.#errors ?? []), resultTooLarge()]);
  }

  /** Root fields are non-null, so that an error of one makes the data null. */
  #fail(field: PlannedField, error: unknown, before: readonly GraphQLError[] | null): void {
    this.#end(null, [...(this.#errors ?? []), ...(before ?? []), errorAt(field, error)]);
  }

  #end(data: JsonOutput | null, errors: readonly GraphQLError[] | null): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#done(data, errors);
  }
}

const beforeFields = '{';
const afterFields = '}';

/** The maximum length of all root fields together. */
const maxFieldsLength = maxDataLength - beforeFields.length - afterFields.length;

/** Joins the written fields to an object. */
function joined(fields: readonly JsonOutput[]): JsonOutput {
  const output = new JsonOutput();
  output.write(beforeFields);
  for (const field of fields) output.append(field);
  output.write(afterFields);
  return output;
}
