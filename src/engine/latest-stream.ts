/** The events of a subscription. The reader ends it by `return`. */
export interface EventStream<Event> extends AsyncIterableIterator<Event> {
  next(): Promise<IteratorResult<Event, undefined>>;
  return(): Promise<IteratorResult<Event, undefined>>;
}

const ended: IteratorResult<never, undefined> = Object.freeze({ done: true, value: undefined });

/** Creates a stream of one event, for a subscription that is refused. */
export function streamOf<Event>(event: Event): EventStream<Event> {
  const stream = new LatestStream<Event>(() => undefined);
  stream.end(event);
  return stream;
}

/**
 * The states of one object, for a reader that may be slower than they change: a new state replaces one
 * that was not read yet, so that a stream never holds more than one.
 *
 * It is not an async generator, because the `return` of a generator waits for the pending `next`, and so
 * for an event that may never come.
 */
export class LatestStream<Event> implements EventStream<Event> {
  readonly #onReturn: () => void;
  #waiting: { readonly event: Event; readonly version: string | null } | null = null;
  /** The version of the event that was read last. */
  #taken: string | null = null;
  #reader: ((result: IteratorResult<Event, undefined>) => void) | null = null;
  #isEnded = false;

  /** @param onReturn - Called once when the reader ends the stream; not when `end` does. */
  constructor(onReturn: () => void) {
    this.#onReturn = onReturn;
  }

  /** Offers a state. It is dropped if the reader already has a state of that version. */
  offer(event: Event, version: string): void {
    if (this.#isEnded) return;
    // If the state is again the one that the reader has, an unread one in between is dropped too.
    this.#waiting = version === this.#taken ? null : { event, version };
    this.#deliver();
  }

  /** Ends the stream; `last` replaces a state that was not read yet. */
  end(last?: Event): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (last !== undefined) this.#waiting = { event: last, version: null };
    this.#deliver();
  }

  next(): Promise<IteratorResult<Event, undefined>> {
    return new Promise((resolve) => {
      // Readers ask for one event at a time. A second call ends the pending one.
      this.#reader?.(ended);
      this.#reader = resolve;
      this.#deliver();
    });
  }

  return(): Promise<IteratorResult<Event, undefined>> {
    this.#waiting = null;
    if (!this.#isEnded) {
      this.#isEnded = true;
      this.#onReturn();
    }
    this.#deliver();
    return Promise.resolve(ended);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #deliver(): void {
    const reader = this.#reader;
    if (reader === null) return;
    if (this.#waiting !== null) {
      const { event, version } = this.#waiting;
      this.#waiting = null;
      this.#reader = null;
      this.#taken = version;
      reader({ done: false, value: event });
    } else if (this.#isEnded) {
      this.#reader = null;
      reader(ended);
    }
  }
}
