import type { JsonSink, JsonText } from './json-text.ts';

/** JSON that is written, ready to be sent: as text, or as bytes where long values are in it. */
export type JsonContent = string | readonly Buffer[];

/** How far an output is written. */
export interface OutputMark {
  readonly pieces: number;
  readonly text: string;
  readonly length: number;
}

/** An output would become longer than it may. */
export class OutputTooLong extends Error {
  constructor(maxLength: number) {
    super(`The output would be longer than ${maxLength}.`);
    this.name = 'OutputTooLong';
  }
}

/**
 * JSON as it is being written. Short pieces are joined as text; long values stay the bytes that they
 * came in, which nobody has to decode and encode again.
 */
export class JsonOutput implements JsonSink {
  readonly #maxLength: number;
  #length = 0;
  /** What was written before {@link #text}. */
  #bytes: Buffer[] | null = null;
  /** What was written since the last long value. */
  #text = '';

  /** @param maxLength - What {@link length} may be; beyond, writing throws {@link OutputTooLong}. */
  constructor(maxLength = Infinity) {
    this.#maxLength = maxLength;
  }

  /** The characters of text and the bytes of long values, which are cheaper to count than to encode. */
  get length(): number {
    return this.#length;
  }

  /** @throws OutputTooLong */
  write(text: string): void {
    this.#grow(text.length);
    this.#text += text;
  }

  /** @throws OutputTooLong */
  writeValue(json: JsonText): void {
    const { longBytes } = json;
    if (longBytes === null) {
      this.write(json.text);
    } else {
      this.#grow(longBytes.length);
      this.#writeBytes([longBytes]);
    }
  }

  /**
   * Adds what was written to `other`.
   *
   * @throws OutputTooLong
   */
  append(other: JsonOutput): void {
    this.#grow(other.#length);
    if (other.#bytes !== null) this.#writeBytes(other.#bytes);
    this.#text += other.#text;
  }

  /** How far it is written, for {@link cutBack}. */
  mark(): OutputMark {
    return { pieces: this.#bytes?.length ?? 0, text: this.#text, length: this.#length };
  }

  /** Forgets what was written since `mark` was made. */
  cutBack({ pieces, text, length }: OutputMark): void {
    if (this.#bytes !== null) this.#bytes.length = pieces;
    this.#text = text;
    this.#length = length;
  }

  get content(): JsonContent {
    return this.#bytes === null ? this.#text : [...this.#bytes, Buffer.from(this.#text)];
  }

  toString(): string {
    const { content } = this;
    return typeof content === 'string' ? content : Buffer.concat(content).toString();
  }

  #grow(by: number): void {
    this.#length += by;
    if (this.#length > this.#maxLength) throw new OutputTooLong(this.#maxLength);
  }

  #writeBytes(bytes: readonly Buffer[]): void {
    (this.#bytes ??= []).push(Buffer.from(this.#text), ...bytes);
    this.#text = '';
  }
}
