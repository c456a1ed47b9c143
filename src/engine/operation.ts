import { TypedError, UpstreamError } from '../errors.ts';
import { requireUser } from '../identity/identity.ts';
import { parseLimit, type Limit, type RateLimitRule } from '../rate-limit/limit.ts';
import type { Span } from '../telemetry/tracing.ts';
import type { RequestContext } from './request-context.ts';

export type FieldCoordinate = `${'Query' | 'Mutation' | 'Subscription'}.${string}`;

/** What a field says of its limits. */
export interface OperationLimit {
  /** Fields of a group share one count a user. */
  readonly group?: string | undefined;
  /** All of them hold at once. */
  readonly limits: readonly RateLimitRule[];
}

/** What was asked for before a call was admitted. */
export interface Ahead {
  /** Gives it back: the limit refused the call. */
  cancel(): void;
}

/** What a GraphQL field does, apart from GraphQL. */
export interface OperationDefinition<Args extends object, Value, Asked extends Ahead = never> {
  /** The coordinate of its field in the schema, such as `Mutation.updateThing`. */
  readonly field: FieldCoordinate;
  /**
   * Refuses bad input, and what there is no room for, before anything is charged.
   *
   * @throws InputError with every issue there is; another TypedError where there is no room.
   */
  readonly check: (args: Args, request: RequestContext) => void;
  /** What a call is charged to. @default the group is the field's own coordinate */
  readonly limit: OperationLimit;
  /**
   * Asks for what `run` needs first, where the limit is asked elsewhere: one round trip then does for
   * both. Never throws.
   *
   * @returns `null` where it has to come after the limit.
   */
  readonly ahead?: (args: Args, request: RequestContext) => Asked | null;
  /**
   * Who may do it, and the work. Rejects with a {@link TypedError} for every foreseen outcome.
   *
   * @param asked - What was asked for ahead; `null` where nothing was.
   */
  readonly run: (args: Args, request: RequestContext, asked: Asked | null) => Promise<Value>;
}

/** A defined operation: fields, plans, entity references and subscriptions are made of it. */
export interface Operation<Args extends object = object, Value = unknown> {
  readonly field: FieldCoordinate;
  readonly limit: Limit;
  /** The limit as it stands in the SDL. */
  readonly rules: readonly RateLimitRule[];
  /**
   * Runs it for a request: identity, input, limit, then ownership and work.
   *
   * @throws TypedError (or rejects with one) for a call that is refused or fails; anything else is a
   *   bug.
   */
  perform(args: Args, request: RequestContext): Promise<Value>;
}

/**
 * The one place where the order of a field stands: identity, input validation, limit, then
 * ownership and work. What is refused before the limit costs nothing, but its response tells what is
 * left all the same.
 *
 * @throws {RangeError} Where the limit is none, naming the field.
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

/** Performs an operation as a span of its own. What comes of it is the same. */
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
    // What the caller has to be told is no failure: whose fault it is tells.
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
