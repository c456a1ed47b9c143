import type { Outgoing } from '../../engine/incoming.ts';
import {
  completeEvent,
  nextEvent,
  pingEvent,
  pingIntervalMs,
} from '../../engine/server-sent-events.ts';

/**
 * Creates the body of a response that is a stream of results. It reads no result while its reader is
 * behind, and returns the results when the reader leaves.
 *
 * @param write - Writes a result as JSON text.
 * @param outgoing - Its `isInterrupted` is read at the end of the stream.
 */
export function eventBody<Result>(
  results: AsyncIterable<Result>,
  write: (result: Result) => string,
  outgoing: Pick<Outgoing, 'isInterrupted'>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const events: AsyncIterator<Result, unknown> = results[Symbol.asyncIterator]();
  let pings: NodeJS.Timeout | undefined;

  async function leave(): Promise<void> {
    clearInterval(pings);
    await events.return?.();
  }

  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(pingEvent));
      pings = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(pingEvent));
      }, pingIntervalMs).unref();
    },
    async pull(controller) {
      try {
        const event = await events.next();
        if (event.done !== true) {
          controller.enqueue(encoder.encode(nextEvent(write(event.value))));
          return;
        }
        if (!outgoing.isInterrupted) controller.enqueue(encoder.encode(completeEvent));
        controller.close();
        clearInterval(pings);
      } catch (error) {
        // A reader does not cancel a body that fails.
        await leave();
        throw error;
      }
    },
    cancel: leave,
  });
}
