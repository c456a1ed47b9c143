import type { UpstreamErrorCode } from '../errors.ts';
import type { JsonSource } from '../json/index.ts';
import type { RestRequest } from './request.ts';

/** The API answered, with whatever status. */
export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  /** `null` where it was refused: too large, compressed, not UTF-8. */
  readonly body: JsonSource | null;
  /** Why there is no body, in words fit for a log. */
  readonly refusal: string | null;
  /** @param name - In lower case. @returns The value of the first header of that name. */
  header(name: string): string | null;
  /** All of them by name in lower case; several of one name are joined by a comma (RFC 9110, 5.3). */
  headers(): Readonly<Record<string, string>>;
}

export type FailureReason = 'connection' | 'timeout' | 'canceled' | 'shed';

/** The API gave no whole answer. */
export interface Failure {
  readonly kind: 'failure';
  readonly reason: FailureReason;
  /** Whether a byte of the request may have reached the API. */
  readonly sent: boolean;
  readonly cause: Error;
}

/** Errors are data: whether a request was sent decides what may be repeated, and exceptions lose it. */
export type Outcome = Answer | Failure;

/** Told the outcome: of several attempts, that of the last one that was made. */
export type Settle = (outcome: Outcome) => void;

/** A way to the API. Policies are made of one around another; it never throws and settles once. */
export type Send = (request: RestRequest, settle: Settle) => void;

/** The outcome of a request that was not even tried. */
export function shed(cause: Error): Failure {
  return { kind: 'failure', reason: 'shed', sent: false, cause };
}

/** What an outcome says of the API as a whole: that it fails, that it works, or neither. */
export type Evidence = 'down' | 'up' | 'none';

/**
 * An outcome that is the fault of the API or of the way to it, and that may pass: a later, identical
 * call may do better. The one classification that retry, circuit, status map and locks go by.
 */
export interface Trouble {
  readonly code: UpstreamErrorCode;
  readonly message: string;
  readonly evidence: Evidence;
  /** Whether another attempt within the same deadline is worth while. */
  readonly brief: boolean;
  /**
   * Whether the API may still be at work on what was sent. Once it has answered it is not, but a proxy
   * that answers in its place has only lost sight of it.
   */
  readonly mayGoOn: boolean;
}

const answers: Readonly<Record<number, Trouble>> = {
  408: {
    code: 'UPSTREAM_TIMEOUT',
    message: 'The API gave up waiting for the request.',
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
    message: 'The API is not available at the moment.',
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
    message: 'The API cannot be reached at the moment.',
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
    message: 'The API is not available at the moment.',
    evidence: 'none',
    brief: false,
    mayGoOn: false,
  },
};

/** @returns `null` for an answer that stands: a success, the caller's fault, or one never expected. */
export function troubleOf(outcome: Outcome): Trouble | null {
  return outcome.kind === 'failure' ? troubleOfFailure(outcome) : troubleOfStatus(outcome.status);
}

export function troubleOfStatus(status: number): Trouble | null {
  return status < 400 ? null : (answers[status] ?? null);
}

export function troubleOfFailure({ reason, sent }: Failure): Trouble {
  return failures[reason === 'connection' && !sent ? 'unreachable' : reason];
}
