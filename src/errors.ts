/**
 * The outcomes a caller can meet, as data. No GraphQL, no HTTP: the schema turns each class into
 * a member of the result unions, the adapter's status map decides which one an API answer becomes.
 */

export const executionContextErrorCodes = [
  'INVALID_INPUT',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'CONFLICT',
  'RATE_LIMITED',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_FAILED',
] as const;

export type ExecutionContextErrorCode = (typeof executionContextErrorCodes)[number];

/** The three codes an {@link UpstreamError} can carry. */
export type UpstreamErrorCode = Extract<ExecutionContextErrorCode, `UPSTREAM_${string}`>;

/** What all seven outcomes share: a stable `code`, and a `message` that is safe to show. */
export abstract class ExecutionContextError extends Error {
  abstract readonly code: ExecutionContextErrorCode;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** One thing that is wrong with the input, and where. */
export interface InputIssue {
  /** From the argument down to the value, such as `['input', 'sessionId']`. */
  readonly path: readonly string[];
  readonly message: string;
}

/** The input was refused, by the gateway's own rules (with issues) or by the API (400, 413, 422). */
export class InputError extends ExecutionContextError {
  readonly code = 'INVALID_INPUT';
  readonly issues: readonly InputIssue[];

  constructor(message: string, issues: readonly InputIssue[] = [], options?: ErrorOptions) {
    super(message, options);
    this.issues = issues;
  }
}

/** There is no token, or a bad one. */
export class AuthenticationError extends ExecutionContextError {
  readonly code = 'UNAUTHENTICATED';
}

/** The caller is known and may not do this. */
export class ForbiddenError extends ExecutionContextError {
  readonly code = 'FORBIDDEN';
}

/** There is no such execution context. */
export class NotFoundError extends ExecutionContextError {
  readonly code = 'NOT_FOUND';
  /** The id that was asked for, where there was one. */
  readonly id: string | null;

  constructor(message: string, id: string | null, options?: ErrorOptions) {
    super(message, options);
    this.id = id;
  }
}

/** The API's present state does not allow this (409, 412). */
export class ConflictError extends ExecutionContextError {
  readonly code = 'CONFLICT';
}

export type RateLimitSource = 'GATEWAY' | 'UPSTREAM';

export interface RateLimitErrorOptions extends ErrorOptions {
  readonly source: RateLimitSource;
  /** Milliseconds until the next call can be admitted: 0 to 2147483647. */
  readonly retryAfterMs: number;
  /** Calls the refusing window admits, where known. */
  readonly limit?: number | undefined;
  /** Length of the refusing window in milliseconds, where known. */
  readonly windowMs?: number | undefined;
}

/** Too many calls, by the gateway's own count or by the API's (429). */
export class RateLimitError extends ExecutionContextError {
  readonly code = 'RATE_LIMITED';
  readonly source: RateLimitSource;
  readonly retryAfterMs: number;
  readonly limit: number | null;
  readonly windowMs: number | null;

  constructor(
    message: string,
    { source, retryAfterMs, limit, windowMs, ...options }: RateLimitErrorOptions,
  ) {
    super(message, options);
    this.source = source;
    this.retryAfterMs = retryAfterMs;
    this.limit = limit ?? null;
    this.windowMs = windowMs ?? null;
  }
}

export interface UpstreamErrorOptions extends ErrorOptions {
  readonly code: UpstreamErrorCode;
  /** Repeating this very call is safe and may help. */
  readonly retryable: boolean;
  /** The API's HTTP status, where it answered. */
  readonly status?: number | undefined;
}

/** The API could not be asked, did not answer in time, or answered with something unusable. */
export class UpstreamError extends ExecutionContextError {
  readonly code: UpstreamErrorCode;
  readonly retryable: boolean;
  readonly status: number | null;

  constructor(message: string, { code, retryable, status, ...options }: UpstreamErrorOptions) {
    super(message, options);
    this.code = code;
    this.retryable = retryable;
    this.status = status ?? null;
  }
}
