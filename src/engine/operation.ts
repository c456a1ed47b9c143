import { TypedError, UpstreamError } from '../errors.ts';
import { requireUser } from '../identity/identity.ts';
import { parseLimit, type Limit, type RateLimitRule } from '../rate-limit/limit.ts';
import type { Span } from '../telemetry/tracing.ts';
import type { RequestContext } from './request-context.ts';

/** The schema coordinate of a root field, such as `Query.thing`. */
export type FieldCoordinate = `${'Query' | 'Mutation' | 'Subscription'}.${string}`;

/** The limits of a field. */
export interface OperationLimit {
  /** Fields of one group share one count per user. @default the field's coordinate */
  readonly group?: string | undefined;
  /** A call must be within all of them. */
  readonly limits: readonly RateLimitRule[];
}

/** Something that was requested before the limit admitted the call. */
export interface Ahead {
  /** Called when the limit refuses the call, to release what was requested. */
  cancel(): void;
}

/** What a GraphQL field does, apart from GraphQL. */
export interface OperationDefinition<Args extends object, Value, Asked extends Ahead = never> {
  /** The coordinate of its field in the schema, such as `Mutation.updateThing`. */
  readonly field: FieldCoordinate;
  /**
   * Refuses invalid input, and a call for which there is no capacity, before anything is charged.
   *
   * @throws {InputError} with all issues of the input.
   * @throws {TypedError} where there is no capacity.
   */
  readonly check: (args: Args, request: RequestContext) => void;
  /** The limits that a call is charged to. */
  readonly limit: OperationLimit;
  /**
   * Requests what `run` needs first, where the limit is decided in another process: both then take one
   * round trip. Never throws.
   *
   * @returns `null` where it may only be requested after the limit.
   */
  readonly ahead?: (args: Args, request: RequestContext) => Asked | null;
  /**
   * Checks the permission and does the work. Rejects with a {@link TypedError} for every foreseen
   * failure.
   *
   * @param asked - What `ahead` returned; `null` where it was not called.
   */
  readonly run: (args: Args, request: RequestContext, asked: Asked | null) => Promise<Value>;
}

/** A defined operation. Fields, plans, entity references and subscriptions perform it. */
export interface Operation<Args extends object = object, Value = unknown> {
  readonly field: FieldCoordinate;
  readonly limit: Limit;
  /** The limit as the SDL prints it. */
  readonly rules: readonly RateLimitRule[];
  /**
   * Performs the operation for a request: identity, input, limit, then ownership and work.
   *
   * @throws {TypedError} (or rejects with one) for a call that is refused or fails; any other error is
   *   a bug.
   */
  perform(args: Args, request: RequestContext): Promise<Value>;
}

/**
 * Defines the order of steps in all fields: identity, input validation, limit, then ownership and work.
 * A call that is refused before the limit is not charged, but its response still reports the remaining
 * quota.
 *
 * @throws {RangeError} where the limit is invalid, naming the field.
 */
export function defineOperation<Args extends object, Value, Asked extends Ahead = never>({
  field,
  limit: { group = field, limits: rules },
  check,
  ahead,
  run,
}: OperationDefinition<Args, Value, Asked>): Operation<Args, Value> {
  const limit = parseLimitOf(field, group, rules);

  function perform(args: Args, request: RequestContext): Promise<Value> {
    try {
      requireUser(request.identity);
      check(args, request);
    } catch (refusal) {
      const peeked = request.peek(limit);
      if (peeked === undefined) throw refusal;
      return peeked.then(() => {
        throw refusal;
      });
    }
    const charged = request.charge(limit);
    if (charged === undefined) return run(args, request, null);
    const asked = ahead === undefined ? null : ahead(args, request);
    return charged.then(
      () => run(args, request, asked),
      (refusal: unknown) => {
        asked?.cancel();
        throw refusal;
      },
    );
  }

  return {
    field,
    limit,
    rules,
    perform(args, request) {
      const { span } = request;
      return span === null
        ? perform(args, request)
        : performTraced(field, request, span, (within) => perform(args, within));
    },
  };
}

/** Performs an operation within a span of its own; the outcome is the same. */
async function performTraced<Value>(
  field: FieldCoordinate,
  request: RequestContext,
  parent: Span,
  perform: (request: RequestContext) => Promise<Value>,
): Promise<Value> {
  const within = request.within(parent, field);
  try {
    const value = await perform(within.request);
    within.span.end(null, false);
    return value;
  } catch (error) {
    const isTyped = error instanceof TypedError;
    // A refusal that the caller caused is not a failure of the operation.
    const isFailure = !isTyped || error instanceof UpstreamError;
    within.span.end(isTyped ? error.code : '_OTHER', isFailure);
    throw error;
  }
}

function parseLimitOf(field: string, group: string, limits: readonly RateLimitRule[]): Limit {
  try {
    return parseLimit({ group, limits });
  } catch (error) {
    throw new RangeError(`Field ${field}: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Performs an operation. Resolves with its value, or with the {@link TypedError} that it was refused
 * or failed with. Rejects only for a bug.
 */
export async function outcomeOf<Args extends object, Value>(
  operation: Operation<Args, Value>,
  args: Args,
  request: RequestContext,
): Promise<Value | TypedError> {
  try {
    return await operation.perform(args, request);
  } catch (error) {
    if (error instanceof TypedError) return error;
    throw error;
  }
}
