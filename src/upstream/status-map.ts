import type { IncomingHttpHeaders } from 'node:http';

import {
  AuthenticationError,
  ConflictError,
  ForbiddenError,
  InputError,
  NotFoundError,
  RateLimitError,
  UpstreamError,
  type ExecutionContextError,
  type UpstreamErrorCode,
} from '../errors.ts';
import { apiMessage } from './api-message.ts';
import type { Answer, Failure } from './exchange.ts';
import type { Operation } from './operation.ts';
import { retryAfterMs } from './retry-after.ts';
import { exhaustedLimit } from './upstream-limit.ts';

/** The call that an answer belongs to, as far as an error has to know it. */
export interface ErrorContext {
  readonly operation: Operation;
  /** The id that was asked for; `null` for list and create. */
  readonly id: string | null;
  /** Whether the caller's own token went upstream, so that a 401 is about the caller. */
  readonly forwardsToken: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A status that is the caller's to deal with; the API's own words replace `message`. */
interface CallerRule {
  readonly message: string;
  readonly toError: (
    message: string,
    headers: IncomingHttpHeaders,
    call: ErrorContext,
  ) => ExecutionContextError;
}

/** A status that is the API's own trouble; its words stay inside. */
interface UpstreamRule {
  readonly code: UpstreamErrorCode;
  readonly message: string;
  /** Whether repeating may help; a create is never safe to repeat once the API has seen it. */
  readonly retryable: boolean;
}

const invalid: CallerRule['toError'] = (message) => new InputError(message);
const conflict: CallerRule['toError'] = (message) => new ConflictError(message);

/** What each status of the API becomes. Statuses without a row are {@link unexpected}. */
export const statusMap: Readonly<Record<number, CallerRule | UpstreamRule>> = {
  400: { message: 'The API refused the input as invalid.', toError: invalid },
  403: {
    message: 'You may not touch this execution context.',
    toError: (message) => new ForbiddenError(message),
  },
  404: {
    message: 'There is no such execution context.',
    toError: (message, _, { id }) => new NotFoundError(message, id),
  },
  408: {
    code: 'UPSTREAM_TIMEOUT',
    message: 'The API gave up waiting for the request.',
    retryable: true,
  },
  409: {
    message: 'The execution context is in a state that does not allow this.',
    toError: conflict,
  },
  412: { message: 'The execution context has changed in the meantime.', toError: conflict },
  413: { message: 'The input is larger than the API takes.', toError: invalid },
  422: { message: 'The API could not process the input.', toError: invalid },
  429: { message: 'The API has had too many requests.', toError: toUpstreamLimit },
  500: { code: 'UPSTREAM_FAILED', message: 'The API failed.', retryable: true },
  502: {
    code: 'UPSTREAM_FAILED',
    message: 'The API could not be reached behind its proxy.',
    retryable: true,
  },
  503: {
    code: 'UPSTREAM_UNAVAILABLE',
    message: 'The API is not available at the moment.',
    retryable: true,
  },
  504: {
    code: 'UPSTREAM_TIMEOUT',
    message: 'The API did not answer its proxy in time.',
    retryable: true,
  },
};

const unexpected: UpstreamRule = {
  code: 'UPSTREAM_FAILED',
  message: 'The API answered in a way the gateway does not understand.',
  retryable: false,
};

const failureMap: Readonly<Record<Failure['reason'], UpstreamRule>> = {
  connection: {
    code: 'UPSTREAM_FAILED',
    message: 'The connection to the API was lost.',
    retryable: true,
  },
  timeout: {
    code: 'UPSTREAM_TIMEOUT',
    message: 'The API did not answer in time.',
    retryable: true,
  },
  canceled: { code: 'UPSTREAM_FAILED', message: 'The request was canceled.', retryable: true },
  shed: {
    code: 'UPSTREAM_UNAVAILABLE',
    message: 'The API is not available at the moment.',
    retryable: true,
  },
};

const unreachable: UpstreamRule = {
  code: 'UPSTREAM_UNAVAILABLE',
  message: 'The API cannot be reached at the moment.',
  retryable: true,
};

/** The error for an answer that is no success: any status outside 2xx, or a body that is malformed. */
export function errorFromAnswer(
  { status, headers, body }: Answer,
  call: ErrorContext,
): ExecutionContextError {
  if (status === 401 && call.forwardsToken) {
    return new AuthenticationError('The API does not accept this session token.');
  }
  const rule = statusMap[status] ?? unexpected;
  return 'toError' in rule
    ? rule.toError(apiMessage(body) ?? rule.message, headers, call)
    : toUpstreamError(rule, call.operation, { sent: true, status });
}

/** The error for a 2xx answer that is not what was asked for. */
export function malformedAnswer({ status }: Answer, operation: Operation): UpstreamError {
  return toUpstreamError(unexpected, operation, { sent: true, status });
}

/** The error for a request that got no whole answer. */
export function errorFromFailure(failure: Failure, operation: Operation): UpstreamError {
  const neverLeft = failure.reason === 'connection' && !failure.sent;
  const rule = neverLeft ? unreachable : failureMap[failure.reason];
  return toUpstreamError(rule, operation, { sent: failure.sent, cause: failure.cause });
}

interface Attempt {
  readonly sent: boolean;
  readonly status?: number;
  readonly cause?: Error;
}

function toUpstreamError(rule: UpstreamRule, operation: Operation, { sent, ...details }: Attempt) {
  const mayBeApplied = sent && (rule.retryable || leavesDoubt(details.status));
  const doubt =
    operation.writes && mayBeApplied ? ` The ${operation.name} may have been applied.` : '';
  return new UpstreamError(rule.message + doubt, {
    code: rule.code,
    retryable: rule.retryable && (operation.repeatable || !sent),
    ...details,
  });
}

/** A success that cannot be read and a failure half-way do; a redirect and a refusal do not. */
function leavesDoubt(status = 0): boolean {
  return status < 300 || status >= 500;
}

function toUpstreamLimit(message: string, headers: IncomingHttpHeaders, { now }: ErrorContext) {
  return new RateLimitError(message, {
    source: 'UPSTREAM',
    retryAfterMs: retryAfterMs(headers['retry-after'], now),
    ...exhaustedLimit(headers),
  });
}
