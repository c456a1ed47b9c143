import type { Failure } from './operations.ts';

/** A failure as a person understands it. */
export interface Explanation {
  readonly title: string;
  /** What it means, and what to do. */
  readonly text: string;
  /** Whether to do the same again may help. */
  readonly mayRetry: boolean;
  /** What exactly is wrong, where that is known. */
  readonly details: readonly string[];
}

/** The gateway was not reached, or did not answer as a gateway does. */
export const unreachable: Explanation = {
  title: 'The gateway is out of reach',
  text: 'It is not known whether this arrived. To try again does no harm.',
  mayRetry: true,
  details: [],
};

export function explain(failure: Failure): Explanation {
  const { message } = failure;
  switch (failure.__typename) {
    case 'ExecutionContextInputError':
      return {
        title: 'That was not accepted',
        text: 'Nothing was changed. Correct it and send it again.',
        mayRetry: false,
        details:
          failure.issues.length > 0
            ? failure.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)
            : [message],
      };
    case 'ExecutionContextAuthenticationError':
      return {
        title: 'You are signed out',
        text: 'Your session is missing or has expired. Sign in again to go on.',
        mayRetry: false,
        details: [message],
      };
    case 'ExecutionContextForbiddenError':
      return {
        title: 'This run belongs to somebody else',
        text: 'You may not see or change it. Ask its owner, or an administrator.',
        mayRetry: false,
        details: [message],
      };
    case 'ExecutionContextNotFoundError':
      return {
        title: 'There is no such run',
        text: 'It was deleted, or its id is mistyped.',
        mayRetry: false,
        details: [failure.executionContextId ?? message],
      };
    case 'ExecutionContextConflictError':
      return failure.currentVersion === null
        ? {
            title: 'The run is busy',
            text: 'Others are writing to it. Nothing was changed.',
            mayRetry: true,
            details: [message],
          }
        : {
            title: 'Somebody else changed it meanwhile',
            text: 'Nothing was changed. Look at the run as it is now, and decide anew.',
            mayRetry: false,
            details: [],
          };
    case 'ExecutionContextRateLimitError':
      return {
        title: 'That was a bit much at once',
        text:
          failure.source === 'GATEWAY'
            ? `${rate(failure.limit, failure.windowMs)} Nothing was changed.`
            : 'The service behind the gateway asks for a pause. Nothing was changed.',
        mayRetry: true,
        details: [],
      };
    case 'ExecutionContextUpstreamError':
      return {
        ...(upstreamWords[failure.code] ?? failed),
        mayRetry: failure.retryable,
        details: [message],
      };
    default:
      return explainNewcomer(failure);
  }
}

/** How many changes are allowed, as `limit` and `windowMs` say. */
function rate(limit: number | null, windowMs: number | null): string {
  if (limit === null || windowMs === null) return 'There is a limit to how much you may do.';
  const window =
    windowMs === 1_000 ? 'a second' : windowMs === 60_000 ? 'a minute' : `${windowMs} ms`;
  return `${limit} changes ${window} are allowed.`;
}

type Words = Pick<Explanation, 'title' | 'text'>;

const failed: Words = {
  title: 'The service failed',
  text: 'Something went wrong there. If it stays so, report the request below.',
};

const upstreamWords: Partial<Record<Failure['code'], Words>> = {
  UPSTREAM_UNAVAILABLE: {
    title: 'The service is not available at the moment',
    text: 'It cannot be reached, or takes no work.',
  },
  UPSTREAM_TIMEOUT: {
    title: 'The service took too long',
    text: 'It did not answer in time.',
  },
};

/**
 * A newer gateway may answer with a member that this page was not compiled for. As an error it still
 * has the fields of the interface. That the parameter is `never` keeps the switch exhaustive.
 */
function explainNewcomer(failure: never): Explanation {
  const { message } = failure as Failure;
  return { title: 'That did not work', text: message, mayRetry: false, details: [] };
}
