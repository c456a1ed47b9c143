/** Listens for a cancellation. */
export interface CancellationListener {
  /** Called once, when the work is canceled. */
  canceled(): void;
}

/**
 * Says whether work is canceled: because its client has left, for example. As an `AbortSignal`, but
 * without a closure for each listener and an event for each signal: there is one for each request, and
 * each exchange with the API is itself a listener.
 */
export interface Cancellation {
  readonly isCanceled: boolean;
  watch(listener: CancellationListener): void;
  unwatch(listener: CancellationListener): void;
}

/** A cancellation that happens when `cancel` is called. */
export class CancellationSource implements Cancellation {
  isCanceled = false;
  readonly #listeners = new Set<CancellationListener>();

  watch(listener: CancellationListener): void {
    this.#listeners.add(listener);
  }

  unwatch(listener: CancellationListener): void {
    this.#listeners.delete(listener);
  }

  cancel(): void {
    if (this.isCanceled) return;
    this.isCanceled = true;
    for (const listener of this.#listeners) listener.canceled();
    this.#listeners.clear();
  }
}

/** Creates the cancellation that an `AbortSignal` stands for. */
export function cancellationBy(signal: AbortSignal): Cancellation {
  const listeners = new Set<CancellationListener>();
  function cancel(): void {
    for (const listener of listeners) listener.canceled();
  }
  return {
    get isCanceled() {
      return signal.aborted;
    },
    watch(listener) {
      // The signal has one listener for any number of pending calls, and none without a call.
      if (listeners.size === 0) signal.addEventListener('abort', cancel, { once: true });
      listeners.add(listener);
    },
    unwatch(listener) {
      listeners.delete(listener);
      if (listeners.size === 0) signal.removeEventListener('abort', cancel);
    },
  };
}
