import type { ServerResponse } from 'node:http';

import type { Cancellation } from '../upstream/cancellation.ts';

/** Fires when the client goes away before its response is complete. */
export class ClientDeparture implements Cancellation {
  #listeners: Set<() => void> | undefined;
  #aborted = false;

  constructor(response: ServerResponse) {
    response.once('close', () => {
      if (response.writableFinished) return;
      this.#aborted = true;
      for (const listener of this.#listeners ?? []) listener();
    });
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    (this.#listeners ??= new Set()).add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners?.delete(listener);
  }
}
