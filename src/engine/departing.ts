import type { Departure, DepartureListener } from '../rest/request.ts';

/** The departure of whoever waits for something that is no HTTP request, told by calling `depart`. */
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
