/** No reply came in time. */
export class ReplyTimeoutError extends Error {
  override readonly name = 'ReplyTimeoutError';
  readonly code = 'TIMEOUT';
}

/**
 * Calls `expired` once `timeoutMs` milliseconds have passed. The caller clears the timer when a
 * reply arrives.
 *
 * Timers run before sockets are read. When this process stalled longer than the time-out, the timer
 * fires although the reply has been lying in the socket: so on expiry the event loop reads its
 * sockets once (`setImmediate` runs right after that) and a reply that was there is taken.
 *
 * @param expired - May still be called, once, after the timer was cleared in that last moment.
 */
export function onceNoReplyCame(timeoutMs: number, expired: () => void): NodeJS.Timeout {
  return setTimeout(() => {
    setImmediate(expired);
  }, timeoutMs);
}

/**
 * Waits for `reply` for at most `timeoutMs` milliseconds.
 *
 * @throws {ReplyTimeoutError} (rejecting) When the time is over; else what `reply` rejects with.
 */
export function withinTimeout<T>(reply: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = onceNoReplyCame(timeoutMs, () => {
      reject(new ReplyTimeoutError(`No reply within ${timeoutMs} ms.`));
    });
    reply.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
