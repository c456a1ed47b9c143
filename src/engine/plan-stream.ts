import type { EventStream } from './latest-stream.ts';
import { nextEvent } from './server-sent-events.ts';

/**
 * One result of a planned subscription, as JSON text and as the bytes of a server-sent event. Those who
 * watch one thing share it: however many they are, and however far one is behind, it is encoded once.
 */
export class StreamedResult {
  readonly text: string;
  #event: Buffer | null = null;

  constructor(text: string) {
    this.text = text;
  }

  get event(): Buffer {
    return (this.#event ??= Buffer.from(nextEvent(this.text)));
  }
}

/** The events of a planned subscription, each as a whole result. */
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
 * Remembers what was written of an object for as long as somebody has that object: all who watch one
 * thing get the same one, and most of them have asked for it in the same words. What is written
 * must not depend on who reads it.
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
