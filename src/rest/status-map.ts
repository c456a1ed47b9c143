import {
  AuthenticationError,
  ConflictError,
  ForbiddenError,
  InputError,
  NotFoundError,
  RateLimitError,
  UpstreamError,
  type TypedError,
} from '../errors.ts';
import { exhaustedLimit, limitWaitMs } from './api-limit.ts';
import { apiMessage } from './api-message.ts';
import {
  troubleOfFailure,
  troubleOfStatus,
  type Answer,
  type Failure,
  type Trouble,
} from './outcome.ts';
import type { RestOperation } from './request.ts';

/** The call that an answer belongs to, as far as its error needs to know it. */
export interface ErrorContext {
  readonly operation: RestOperation;
  /** The id of the resource; `null` where there was none. */
  readonly id: string | null;
  /** Whether the caller's own token went upstream, so that a 401 is about the caller. */
  readonly forwardsToken: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The error for a status that concerns the caller. */
interface CallerRule {
  readonly message: (noun: string) => string;
  /** Whether the message in the API's body replaces `message`, where there is one. @default true */
  readonly showsWords?: boolean;
  readonly toError: (message: string, answer: Answer, call: ErrorContext) => TypedError;
}

const invalid: CallerRule['toError'] = (message) => new InputError(message);
const conflict: CallerRule['toError'] = (message) => new ConflictError(message);
const notFound: CallerRule = {
  message: (noun) => `There is no such ${noun}.`,
  toError: (message, _, { id }) => new NotFoundError(message, id),
};

/**
 * The errors for each status that concerns the caller. Failures of the API itself are rows of the table
 * in `outcome.ts`; a status in neither table is {@link unexpected}.
 */
const callerRules: Readonly<Record<number, CallerRule>> = {
  400: { message: () => 'The API refused the input as invalid.', toError: invalid },
  403: {
    message: (noun) => `You may not touch this ${noun}.`,
    toError: (message) => new ForbiddenError(message),
  },
  404: notFound,
  409: {
    message: (noun) => `The ${noun} is in a state that does not allow this.`,
    toError: conflict,
  },
  410: { ...notFound, showsWords: false },
  412: { message: (noun) => `The ${noun} has changed in the meantime.`, toError: conflict },
  413: { message: () => 'The input is larger than the API accepts.', toError: invalid },
  422: { message: () => 'The API could not process the input.', toError: invalid },
  429: {
    message: () => "The API's rate limit was exceeded.",
    toError(message, answer, { now }) {
      const headers = answer.headers();
      return new RateLimitError(message, {
        source: 'UPSTREAM',
        retryAfterMs: limitWaitMs(headers, answer.header('retry-after'), now),
        ...exhaustedLimit(headers),
      });
    },
  },
};

/** For a status that is in neither table: repeating the call would not help. */
const unexpected = {
  code: 'UPSTREAM_FAILED',
  message: 'The API answered in a way the gateway does not understand.',
} as const;

/** The error for an answer that is not a success. */
export function errorFromAnswer(answer: Answer, call: ErrorContext): TypedError {
  const { status, body } = answer;
  if (status === 401 && call.forwardsToken) {
    return new AuthenticationError('The API does not accept this session token.');
  }
  const rule = callerRules[status];
  if (rule === undefined) {
    return toUpstreamError(troubleOfStatus(status), call.operation, { sent: true, status });
  }
  const { showsWords = true } = rule;
  const words = showsWords && body !== null ? apiMessage(body.slice(0, body.bytes.length)) : null;
  return rule.toError(words ?? rule.message(call.operation.noun), answer, call);
}

/** The error for a 2xx answer that is malformed. */
export function malformedAnswer({ status }: Answer, operation: RestOperation): UpstreamError {
  return toUpstreamError(null, operation, { sent: true, status });
}

/** The error for a request without a complete answer. */
export function errorFromFailure(failure: Failure, operation: RestOperation): UpstreamError {
  const { sent, cause } = failure;
  return toUpstreamError(troubleOfFailure(failure), operation, { sent, cause });
}

interface Attempt {
  readonly sent: boolean;
  readonly status?: number;
  readonly cause?: Error;
}

/** @param trouble - `null` where repeating the call would not help. */
function toUpstreamError(
  trouble: Trouble | null,
  { name, writes, repeatable }: RestOperation,
  { sent, ...details }: Attempt,
): UpstreamError {
  const { code, message } = trouble ?? unexpected;
  const mayBeApplied = writes && sent && (trouble !== null || leavesDoubt(details.status));
  return new UpstreamError(
    mayBeApplied ? `${message} The ${name} may have been applied.` : message,
    {
      code,
      // A request that was not sent is always safe to repeat.
      retryable: trouble !== null && (repeatable || !sent),
      mayBeApplied,
      mayGoOn: mayBeApplied && trouble?.mayGoOn === true,
      ...details,
    },
  );
}

/** Whether a write with this status may have been applied: not with a redirect or a refusal. */
function leavesDoubt(status = 0): boolean {
  return status < 300 || status >= 500;
}
