import type { Departure, DepartureListener } from '../rest/request.ts';

/** The departure of a client that has no HTTP request of its own: it departs when `depart` is called. */
export class Departing implements Departure {
  departed = false;
  readonly #listeners = new Set<DepartureListener>();

  watch(listener: DepartureListener): void {
    this.#listeners.add(listener);
  }

  unwatch(listener: DepartureListener): void {
    this.#listeners.delete(listener);
  }

  depart(): void {
    if (this.departed) return;
    this.departed = true;
    for (const listener of this.#listeners) listener.clientDeparted();
    this.#listeners.clear();
  }
}
