import type { JsonText } from './json-text.ts';

/** JSON that is written, ready to be sent: as text, or as bytes where long values are in it. */
export type JsonContent = string | readonly Buffer[];

/** How far an output is written. */
export interface OutputMark {
  readonly pieces: number;
  readonly text: string;
}

/**
 * JSON as it is being written. Short pieces are joined as text; long values stay the bytes that they
 * came in, which nobody has to decode and encode again.
 */
export class JsonOutput {
  /** What was written before {@link #text}. */
  #bytes: Buffer[] | null = null;
  /** What was written since the last long value. */
  #text = '';

  write(text: string): void {
    this.#text += text;
  }

  writeValue(json: JsonText): void {
    const { longBytes } = json;
    if (longBytes === null) this.#text += json.text;
    else this.#writeBytes([longBytes]);
  }

  /** Adds what was written to `other`. */
  append(other: JsonOutput): void {
    if (other.#bytes !== null) this.#writeBytes(other.#bytes);
    this.#text += other.#text;
  }

  /** How far it is written, for {@link cutBack}. */
  mark(): OutputMark {
    return { pieces: this.#bytes?.length ?? 0, text: this.#text };
  }

  /** Forgets what was written since `mark` was made. */
  cutBack({ pieces, text }: OutputMark): void {
    if (this.#bytes !== null) this.#bytes.length = pieces;
    this.#text = text;
  }

  get content(): JsonContent {
    return this.#bytes === null ? this.#text : [...this.#bytes, Buffer.from(this.#text)];
  }

  toString(): string {
    const { content } = this;
    return typeof content === 'string' ? content : Buffer.concat(content).toString();
  }

  #writeBytes(bytes: readonly Buffer[]): void {
    (this.#bytes ??= []).push(Buffer.from(this.#text), ...bytes);
    this.#text = '';
  }
}
