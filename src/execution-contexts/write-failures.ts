import { ConflictError, UpstreamError } from '../errors.ts';
import { LockBusyError, LocksUnavailableError } from '../shared-state/keyed-locks.ts';

/**
 * Converts an error of the locks into the one that the caller gets.
 *
 * @param verb - For the message, such as `update`.
 * @returns The error itself where it is not one of the locks.
 */
export function lockFailure(error: unknown, verb: string): unknown {
  if (error instanceof LockBusyError) {
    return new ConflictError(
      error.reason === 'full'
        ? 'Too many other writes to this execution context are waiting. Try again later.'
        : 'Other writes to this execution context took too long. Try again later.',
      { cause: error },
    );
  }
  if (!(error instanceof LocksUnavailableError)) return error;
  return new UpstreamError(
    `The locks of execution contexts are unavailable, so the ${verb} was not sent. Try again later.`,
    { code: 'UPSTREAM_UNAVAILABLE', retryable: true, cause: error },
  );
}

/**
 * The error of a write that was cancelled because the lease on its lock expired.
 *
 * @param verb - For the message, such as `update`.
 * @param error - The outcome of the request; `null` where none was sent.
 */
export function lockLost(verb: string, error: UpstreamError | null): UpstreamError {
  const mayBeApplied = error?.mayBeApplied === true;
  const message = `The gateway lost its lock on this execution context and cancelled the ${verb}.`;
  return new UpstreamError(mayBeApplied ? `${message} It may have been applied.` : message, {
    code: mayBeApplied ? 'UPSTREAM_FAILED' : 'UPSTREAM_UNAVAILABLE',
    retryable: true,
    mayBeApplied,
    ...(error !== null && { cause: error }),
  });
}

/**
 * The same error, not retryable: for a write that depends on the stored state and may have been
 * applied. Repeated, it would be applied on top of its own result, or find a new version.
 */
export function notRetryable(error: UpstreamError): UpstreamError {
  if (!error.retryable) return error;
  const { message, code, status, mayBeApplied, mayGoOn, cause } = error;
  return new UpstreamError(message, {
    code,
    retryable: false,
    mayBeApplied,
    mayGoOn,
    ...(status !== null && { status }),
    cause,
  });
}
