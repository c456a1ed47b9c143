import type { EventStream } from './latest-stream.ts';

/** The events of a planned subscription, each as the JSON text of a whole result. */
export class WrittenStream<Event> implements EventStream<string> {
  readonly #source: EventStream<Event>;
  readonly #write: (event: Event) => string;

  constructor(source: EventStream<Event>, write: (event: Event) => string) {
    this.#source = source;
    this.#write = write;
  }

  async next(): Promise<IteratorResult<string, undefined>> {
    const result = await this.#source.next();
    return result.done === true ? result : { done: false, value: this.#write(result.value) };
  }

  async return(): Promise<IteratorResult<string, undefined>> {
    await this.#source.return();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/**
 * Remembers what was written of an object for as long as somebody has that object: all who watch one
 * thing get the same one, and most of them have asked for it in the same words. What is written
 * must not depend on who reads it.
 */
export function writtenOnce<Value extends object, Reader>(
  write: (value: Value, reader: Reader) => string,
): (value: Value, reader: Reader) => string {
  const written = new WeakMap<Value, string>();
  return (value, reader) => {
    let text = written.get(value);
    if (text === undefined) {
      text = write(value, reader);
      written.set(value, text);
    }
    return text;
  };
}
