/**
 * The errors that a caller can get, by kind and as data, independent of GraphQL, HTTP and resources.
 * Each resource turns these classes into members of its own result unions, and the status map of the
 * REST kit decides which of them an answer of the API becomes.
 */

export const errorCodes = [
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

export type ErrorCode = (typeof errorCodes)[number];

/** The three codes an {@link UpstreamError} can carry. */
export type UpstreamErrorCode = Extract<ErrorCode, `UPSTREAM_${string}`>;

/** The base of all seven kinds: a stable `code`, and a `message` that is safe to show to the caller. */
export abstract class TypedError extends Error {
  abstract readonly code: ErrorCode;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** One problem of the input, and where it is. */
export interface InputIssue {
  /** From the argument down to the value, such as `['input', 'sessionId']`. */
  readonly path: readonly string[];
  readonly message: string;
}

/** The input was refused, by the gateway's own rules (with issues) or by the API (400, 413, 422). */
export class InputError extends TypedError {
  readonly code = 'INVALID_INPUT';
  readonly issues: readonly InputIssue[];

  constructor(message: string, issues: readonly InputIssue[] = [], options?: ErrorOptions) {
    super(message, options);
    this.issues = issues;
  }
}

/** There is no token, or it is invalid. */
export class AuthenticationError extends TypedError {
  readonly code = 'UNAUTHENTICATED';
}

/** The caller is authenticated and not allowed to do this. */
export class ForbiddenError extends TypedError {
  readonly code = 'FORBIDDEN';
}

/** The resource does not exist. */
export class NotFoundError extends TypedError {
  readonly code = 'NOT_FOUND';
  /** The requested id; `null` where there was none. */
  readonly resourceId: string | null;

  constructor(message: string, resourceId: string | null, options?: ErrorOptions) {
    super(message, options);
    this.resourceId = resourceId;
  }
}

export interface ConflictErrorOptions extends ErrorOptions {
  /** The stored version, where the caller may see it. */
  readonly currentVersion?: string | undefined;
}

/** The present state of the resource does not allow this. */
export class ConflictError extends TypedError {
  readonly code = 'CONFLICT';
  readonly currentVersion: string | null;

  constructor(message: string, { currentVersion, ...options }: ConflictErrorOptions = {}) {
    super(message, options);
    this.currentVersion = currentVersion ?? null;
  }
}

export type RateLimitSource = 'GATEWAY' | 'UPSTREAM';

export interface RateLimitErrorOptions extends ErrorOptions {
  readonly source: RateLimitSource;
  /** Milliseconds until the next call can be admitted: 0 to 2147483647. */
  readonly retryAfterMs: number;
  /** How many calls the refusing window admits, where known. */
  readonly limit?: number | undefined;
  /** Length of the refusing window in milliseconds, where known. */
  readonly windowMs?: number | undefined;
}

/** Too many calls, by the gateway's own count or by the API's (429). */
export class RateLimitError extends TypedError {
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
  /** Whether repeating the same call is safe and may succeed. */
  readonly retryable: boolean;
  /** The API's HTTP status, where it answered. */
  readonly status?: number | undefined;
  /** Whether the call is a write that may have been applied. @default false */
  readonly mayBeApplied?: boolean | undefined;
  /**
   * Whether the write may still be applied later, because the API may still be processing it.
   *
   * @default the value of `mayBeApplied`
   */
  readonly mayGoOn?: boolean | undefined;
}

/** The API was not reachable, did not answer in time, failed, or answered with something unusable. */
export class UpstreamError extends TypedError {
  readonly code: UpstreamErrorCode;
  readonly retryable: boolean;
  readonly status: number | null;
  readonly mayBeApplied: boolean;
  readonly mayGoOn: boolean;

  constructor(
    message: string,
    { code, retryable, status, mayBeApplied, mayGoOn, ...options }: UpstreamErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.retryable = retryable;
    this.status = status ?? null;
    this.mayBeApplied = mayBeApplied ?? false;
    this.mayGoOn = mayGoOn ?? this.mayBeApplied;
  }
}
