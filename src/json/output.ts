import type { JsonSink, JsonText } from './json-text.ts';

/** JSON to be sent: text, or pieces of bytes where it contains long values. */
export type JsonContent = string | readonly Buffer[];

/** A position in an output; see {@link JsonOutput.mark}. */
export interface OutputMark {
  readonly pieces: number;
  readonly text: string;
  readonly length: number;
}

/** An output would exceed its maximum length. */
export class OutputTooLong extends Error {
  constructor(maxLength: number) {
    super(`The output would be longer than ${maxLength}.`);
    this.name = 'OutputTooLong';
  }
}

/**
 * JSON that is being written. Short pieces are joined as text; long values that were received as bytes
 * are kept as bytes, to avoid decoding and encoding them again.
 */
export class JsonOutput implements JsonSink {
  readonly #maxLength: number;
  #length = 0;
  /** The pieces before {@link #text}; `null` where there are none. */
  #bytes: Buffer[] | null = null;
  /** The text since the last long value. */
  #text = '';

  /** @param maxLength - The maximum of {@link length}. @default Infinity */
  constructor(maxLength = Infinity) {
    this.#maxLength = maxLength;
  }

  /** The number of characters of text plus bytes of long values, which is cheaper than the encoded size. */
  get length(): number {
    return this.#length;
  }

  /** @throws {OutputTooLong} */
  write(text: string): void {
    this.#grow(text.length);
    this.#text += text;
  }

  /** @throws {OutputTooLong} */
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
   * Appends the content of `other`.
   *
   * @throws {OutputTooLong}
   */
  append(other: JsonOutput): void {
    this.#grow(other.#length);
    if (other.#bytes !== null) this.#writeBytes(other.#bytes);
    this.#text += other.#text;
  }

  /** Returns the current position, for {@link cutBack}. */
  mark(): OutputMark {
    return { pieces: this.#bytes?.length ?? 0, text: this.#text, length: this.#length };
  }

  /** Discards everything that was written after `mark`. */
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
