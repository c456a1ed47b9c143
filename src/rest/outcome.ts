import type { UpstreamErrorCode } from '../errors.ts';
import type { JsonSource } from '../json/index.ts';
import type { RestRequest } from './request.ts';

/** The API answered, with any status. */
export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  /** `null` where it was refused: it is too large, compressed, or not UTF-8. */
  readonly body: JsonSource | null;
  /** Why there is no body, in words that are safe to log; `null` where there is one. */
  readonly refusal: string | null;
  /** @param name - In lower case. @returns The value of the first header of that name. */
  header(name: string): string | null;
  /** All headers by name in lower case; several of one name are joined by a comma (RFC 9110, section 5.3). */
  headers(): Readonly<Record<string, string>>;
}

export type FailureReason = 'connection' | 'timeout' | 'canceled' | 'shed';

/** There was no complete answer of the API. */
export interface Failure {
  readonly kind: 'failure';
  readonly reason: FailureReason;
  /** Whether a byte of the request may have reached the API. */
  readonly sent: boolean;
  readonly cause: Error;
}

/** Errors are data: whether a request was sent decides what may be repeated, and exceptions lose it. */
export type Outcome = Answer | Failure;

/** Called once with the outcome: that of the last attempt, where there were several. */
export type Settle = (outcome: Outcome) => void;

/** Sends a request; never throws, and settles once. Policies wrap one `Send` in another. */
export type Send = (request: RestRequest, settle: Settle) => void;

/** The outcome of a request that was not sent at all. */
export function shed(cause: Error): Failure {
  return { kind: 'failure', reason: 'shed', sent: false, cause };
}

/** What an outcome says about the API as a whole: that it is down, that it is up, or neither. */
export type Evidence = 'down' | 'up' | 'none';

/**
 * An outcome that the API or the network has caused, and that may be temporary: a later, identical call
 * may succeed. Retry, circuit, status map and locks all use this classification.
 */
export interface Trouble {
  readonly code: UpstreamErrorCode;
  readonly message: string;
  readonly evidence: Evidence;
  /** Whether another attempt within the same deadline may succeed. */
  readonly brief: boolean;
  /**
   * Whether the API may still be processing the request. It is not once it has answered, but may be
   * where a proxy answered in its place.
   */
  readonly mayGoOn: boolean;
}

const answers: Readonly<Record<number, Trouble>> = {
  408: {
    code: 'UPSTREAM_TIMEOUT',
    message: 'The API timed out waiting for the request.',
    evidence: 'up',
    brief: false,
    mayGoOn: false,
  },
  500: {
    code: 'UPSTREAM_FAILED',
    message: 'The API failed.',
    evidence: 'up',
    brief: false,
    mayGoOn: false,
  },
  502: {
    code: 'UPSTREAM_FAILED',
    message: 'The API could not be reached behind its proxy.',
    evidence: 'down',
    brief: true,
    mayGoOn: true,
  },
  503: {
    code: 'UPSTREAM_UNAVAILABLE',
    message: 'The API is unavailable.',
    evidence: 'down',
    brief: true,
    mayGoOn: false,
  },
  504: {
    code: 'UPSTREAM_TIMEOUT',
    message: 'The API did not answer its proxy in time.',
    evidence: 'down',
    brief: true,
    mayGoOn: true,
  },
};

const failures: Readonly<Record<FailureReason | 'unreachable', Trouble>> = {
  unreachable: {
    code: 'UPSTREAM_UNAVAILABLE',
    message: 'The API is not reachable.',
    evidence: 'down',
    brief: true,
    mayGoOn: false,
  },
  connection: {
    code: 'UPSTREAM_FAILED',
    message: 'The connection to the API was lost.',
    evidence: 'down',
    brief: true,
    mayGoOn: true,
  },
  timeout: {
    code: 'UPSTREAM_TIMEOUT',
    message: 'The API did not answer in time.',
    evidence: 'down',
    brief: false,
    mayGoOn: true,
  },
  canceled: {
    code: 'UPSTREAM_FAILED',
    message: 'The request was canceled.',
    evidence: 'none',
    brief: false,
    mayGoOn: true,
  },
  shed: {
    code: 'UPSTREAM_UNAVAILABLE',
    message: 'The API is unavailable.',
    evidence: 'none',
    brief: false,
    mayGoOn: false,
  },
};

/**
 * Classifies an outcome.
 *
 * @returns `null` for an answer that repeating would not change: a success, an error of the caller, or an
 *   unexpected status.
 */
export function troubleOf(outcome: Outcome): Trouble | null {
  return outcome.kind === 'failure' ? troubleOfFailure(outcome) : troubleOfStatus(outcome.status);
}

/** As {@link troubleOf}, for an answer with this status. */
export function troubleOfStatus(status: number): Trouble | null {
  return status < 400 ? null : (answers[status] ?? null);
}

/** As {@link troubleOf}, for a failure. */
export function troubleOfFailure({ reason, sent }: Failure): Trouble {
  return failures[reason === 'connection' && !sent ? 'unreachable' : reason];
}
