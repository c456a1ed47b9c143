import type { Departure, DepartureListener } from '../../rest/request.ts';

/** The departure of a client whose request has an `AbortSignal`. */
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
      // One listener at the signal however many calls are under way, and none before the first.
      if (listeners.size === 0) signal.addEventListener('abort', depart, { once: true });
      listeners.add(listener);
    },
    unwatch(listener) {
      listeners.delete(listener);
      if (listeners.size === 0) signal.removeEventListener('abort', depart);
    },
  };
}
