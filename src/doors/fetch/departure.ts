import type { Departure, DepartureListener } from '../../rest/request.ts';

/** Creates the departure of a client from its request's `AbortSignal`. */
export function departureOf(signal: AbortSignal): Departure {
  const listeners = new Set<DepartureListener>();
  function depart(): void {
    for (const listener of listeners) listener.clientDeparted();
  }
  return {
    get departed() {
      return signal.aborted;
    },
    watch(listener) {
      // The signal has one listener for any number of pending calls, and none without a call.
      if (listeners.size === 0) signal.addEventListener('abort', depart, { once: true });
      listeners.add(listener);
    },
    unwatch(listener) {
      listeners.delete(listener);
      if (listeners.size === 0) signal.removeEventListener('abort', depart);
    },
  };
}
