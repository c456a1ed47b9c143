/** What a subscription yields, one event after the other; `return` ends it from the reader's side. */
export interface EventStream<Event> extends AsyncIterableIterator<Event> {
  next(): Promise<IteratorResult<Event, undefined>>;
  return(): Promise<IteratorResult<Event, undefined>>;
}

const ended: IteratorResult<never, undefined> = Object.freeze({ done: true, value: undefined });

/** A stream of one event, for what is refused before it begins. */
export function streamOf<Event>(event: Event): EventStream<Event> {
  const stream = new LatestStream<Event>(() => undefined);
  stream.end(event);
  return stream;
}

/**
 * States of one thing, for a reader that may be slower than they come: a state that nobody has taken
 * gives way to the next, so that a stream never holds more than one.
 *
 * Not an async generator, whose `return` waits for a `next` that is under way, and so for an event
 * that may never come.
 */
export class LatestStream<Event> implements EventStream<Event> {
  readonly #onReturn: () => void;
  #waiting: { readonly event: Event; readonly version: string | null } | null = null;
  /** The version of the event that was taken last. */
  #taken: string | null = null;
  #reader: ((result: IteratorResult<Event, undefined>) => void) | null = null;
  #isEnded = false;

  /** @param onReturn - Called once where the reader ends the stream, and not where `end` does. */
  constructor(onReturn: () => void) {
    this.#onReturn = onReturn;
  }

  /** Offers a state, which the reader gets unless its version is that of the one it has. */
  offer(event: Event, version: string): void {
    if (this.#isEnded) return;
    // Back to what the reader has already: what came in between need not be seen.
    this.#waiting = version === this.#taken ? null : { event, version };
    this.#deliver();
  }

  /** Ends the stream, with `last` in place of what nobody has taken. */
  end(last?: Event): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    if (last !== undefined) this.#waiting = { event: last, version: null };
    this.#deliver();
  }

  next(): Promise<IteratorResult<Event, undefined>> {
    return new Promise((resolve) => {
      // Readers ask for one event at a time; one who does not loses the older question.
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
