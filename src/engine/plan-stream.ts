import type { EventStream } from './latest-stream.ts';
import { nextEvent } from './server-sent-events.ts';

/**
 * One result of a planned subscription, as JSON text and as the bytes of a server-sent event. All
 * subscribers of one object share it, so that it is encoded once.
 */
export class StreamedResult {
  readonly text: string;
  #event: Buffer | null = null;

  constructor(text: string) {
    this.text = text;
  }

  /** The bytes of the server-sent event, encoded at the first read. */
  get event(): Buffer {
    return (this.#event ??= Buffer.from(nextEvent(this.text)));
  }
}

/** The events of a planned subscription, each written as a complete result. */
export class WrittenStream<Event> implements EventStream<StreamedResult> {
  readonly #source: EventStream<Event>;
  readonly #write: (event: Event) => StreamedResult;

  constructor(source: EventStream<Event>, write: (event: Event) => StreamedResult) {
    this.#source = source;
    this.#write = write;
  }

  async next(): Promise<IteratorResult<StreamedResult, undefined>> {
    const result = await this.#source.next();
    return result.done === true ? result : { done: false, value: this.#write(result.value) };
  }

  async return(): Promise<IteratorResult<StreamedResult, undefined>> {
    await this.#source.return();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/**
 * Caches the result of `write` by the object that was written, for as long as that object is in use.
 * All subscribers of one execution context get the same object, and most of them by the same document.
 * The result of `write` must not depend on the reader.
 */
export function writtenOnce<Value extends object, Reader>(
  write: (value: Value, reader: Reader) => string,
): (value: Value, reader: Reader) => StreamedResult {
  const written = new WeakMap<Value, StreamedResult>();
  return (value, reader) => {
    let result = written.get(value);
    if (result === undefined) {
      result = new StreamedResult(write(value, reader));
      written.set(value, result);
    }
    return result;
  };
}
