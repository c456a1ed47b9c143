import type { ObjectRef } from '@pothos/core';
import type { GraphQLResolveInfo } from 'graphql';

import { streamOf, type EventStream } from '../engine/latest-stream.ts';
import { resultUnionOf, type ResultUnion } from '../engine/result-union.ts';
import { outcomeOf, type Operation } from '../engine/operation.ts';
import type { RequestContext } from '../engine/request-context.ts';
import { TypedError, type ErrorCode } from '../errors.ts';
import type { RateLimitWindow } from '../rate-limit/limit.ts';
import type { Builder, SchemaTypes } from './builder.ts';
import type { ErrorData, ErrorTypes } from './error-types.ts';
import { rateLimitDirective } from './rate-limit-directive.ts';

export interface ResultOptions<Value extends object, Last extends object> {
  /** The name of the union, such as `UpdateThingResult`. */
  readonly name: string;
  readonly description: string;
  readonly success: ObjectRef<SchemaTypes, Value>;
  /** The event, other than an error, that may end the stream of a subscription. @default none */
  readonly last?: LastEvent<Last> | undefined;
}

export interface LastEvent<Last extends object> {
  readonly type: ObjectRef<SchemaTypes, Last>;
  readonly is: (event: object) => event is Last;
}

/** Adds the result union of an operation: its success type, and the error types of its resource. */
export function addResultUnion<Value extends object, Last extends object = never>(
  builder: Builder,
  { refs, memberOf }: ErrorTypes,
  { name, description, success, last }: ResultOptions<Value, Last>,
) {
  const resultUnion: ResultUnion = {
    memberOf(outcome) {
      if (outcome instanceof TypedError) return memberOf(outcome);
      return last?.is(outcome) === true ? last.type.name : success.name;
    },
  };
  return builder.unionType(name, {
    description,
    types: [...refs, success, ...(last === undefined ? [] : [last.type])],
    resolveType: (value: object) =>
      value instanceof ShownError ? value.member : resultUnion.memberOf(value),
    extensions: { resultUnion },
  });
}

export interface OperationFieldOptions {
  /** The description of the field, to which the one of its limit is added. */
  readonly description: string;
  /** Directives on the field in the SDL, before those of its limits. @default none */
  readonly directives?: readonly AppliedDirective[];
}

export interface AppliedDirective {
  readonly name: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

/**
 * Returns the options of a field that performs an operation: its limit in the SDL, and a resolver that
 * returns every outcome except a bug as a member of the result union.
 */
export function operationField<Args extends object, Value extends object>(
  operation: Operation<Args, Value>,
  { description, directives = [] }: OperationFieldOptions,
) {
  return {
    ...describe(operation, description, directives),
    async resolve(
      _root: unknown,
      args: Args,
      request: RequestContext,
      info: GraphQLResolveInfo,
    ): Promise<Value | ErrorData> {
      return show(await outcomeOf(operation, args, request), request, info);
    },
  };
}

/**
 * Returns the options of a subscription field, as {@link operationField} does, for an operation whose
 * value is a stream. A refused call gets a stream with its error as the only event.
 */
export function subscriptionField<Args extends object, Event extends object>(
  operation: Operation<Args, EventStream<Event | TypedError>>,
  { description, directives = [] }: OperationFieldOptions,
) {
  return {
    ...describe(operation, description, directives),
    async subscribe(
      _root: unknown,
      args: Args,
      request: RequestContext,
    ): Promise<EventStream<Event | TypedError>> {
      const opened = await outcomeOf(operation, args, request);
      return opened instanceof TypedError ? streamOf<Event | TypedError>(opened) : opened;
    },
    resolve(
      event: unknown,
      _args: Args,
      request: RequestContext,
      info: GraphQLResolveInfo,
    ): Event | ErrorData {
      return show(event as Event | TypedError, request, info);
    },
  };
}

/** Converts an outcome into the value of its field, and reports it to the request's observer. */
function show<Value extends object>(
  outcome: Value | TypedError,
  request: RequestContext,
  { fieldName, operation, returnType }: GraphQLResolveInfo,
): Value | ErrorData {
  const union = resultUnionOf(returnType);
  if (union === undefined) throw new TypeError(`Field ${fieldName} has no result union.`);
  const member = union.memberOf(outcome);
  if (!(outcome instanceof TypedError)) {
    request.answered(operation.operation, fieldName, member, null);
    return outcome;
  }
  request.answered(operation.operation, fieldName, member, outcome.code);
  return new ShownError(member, outcome);
}

/** Returns the description, the directives and the extensions of an operation's field. */
function describe<Args extends object, Value>(
  operation: Operation<Args, Value>,
  description: string,
  directives: readonly AppliedDirective[],
) {
  const { limit, rules } = operation;
  const limits = rules.map(({ window, max }) => ({
    name: rateLimitDirective.name,
    args: { window, max, group: limit.group },
  }));
  return {
    description: `${description} ${describeLimit(limit.group, limit.windows)}`,
    extensions: { operation, directives: [...directives, ...limits] },
  };
}

/**
 * A copy of an error's data that is not an `Error`, as the value of a field: graphql-js treats an
 * `Error` that a resolver returns as if it were thrown.
 */
class ShownError implements ErrorData {
  readonly member: string;
  readonly code: ErrorCode;
  readonly message: string;

  constructor(member: string, error: TypedError) {
    // The fields of its class, which the resolvers of the error type read.
    Object.assign(this, error);
    this.member = member;
    this.code = error.code;
    this.message = error.message;
  }
}

const periods: ReadonlyMap<number, string> = new Map([
  [1_000, 'second'],
  [60_000, 'minute'],
  [3_600_000, 'hour'],
]);

/** Describes a limit in words, because GraphiQL shows descriptions and not directives. */
function describeLimit(group: string, windows: readonly RateLimitWindow[]): string {
  const parts = windows.map(({ max, windowMs }) => {
    const period = periods.get(windowMs) ?? `${windowMs / 1000} s`;
    return `${max} calls per ${period}`;
  });
  return `Limit per user: ${parts.join(' and ')}, shared by all fields of the group \`${group}\`.`;
}
