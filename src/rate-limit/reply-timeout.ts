/** There was no answer in time. */
export class ReplyTimeoutError extends Error {
  override readonly name = 'ReplyTimeoutError';
}

/**
 * Waits at most `timeoutMs` for `reply`.
 *
 * Timers run before sockets are read. When this process stalled longer than the time-out, the timer
 * fires although the reply has been lying in the socket: so on expiry the event loop reads its
 * sockets once (`setImmediate` runs right after that) and a reply that was there is taken.
 *
 * @throws {ReplyTimeoutError}
 */
export function withinTimeout<T>(reply: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      setImmediate(() => {
        reject(new ReplyTimeoutError(`No reply within ${timeoutMs} ms.`));
      });
    }, timeoutMs);
    reply.then(resolve, reject).finally(() => {
      clearTimeout(timer);
    });
  });
}
