import { inspect, type InspectOptions } from 'node:util';

import { JsonSource, longFrom } from './source.ts';

/**
 * A JSON value as its text: valid by RFC 8259, and never checked again. It keeps what a plain value
 * would lose: digits that a double does not hold, the order of keys, how things were spelt.
 *
 * A long one that came in bytes stays so for as long as nobody asks for its text.
 */
export class JsonText {
  /** How many levels arrays and objects nest at most; `Infinity` where nobody has looked. */
  readonly withinDepth: number;
  #json: string | JsonSource;

  /** @param json - The value alone, without white space around it. */
  constructor(json: string | JsonSource, withinDepth = Infinity) {
    this.#json = json;
    this.withinDepth = withinDepth;
  }

  /** The value that stands in `source` from `from` to before `to`. Keeps the source alive. */
  static slice(source: JsonSource, from: number, to: number, withinDepth = Infinity): JsonText {
    const isLong = to - from >= longFrom;
    return new JsonText(isLong ? source.part(from, to) : source.slice(from, to), withinDepth);
  }

  get text(): string {
    const json = this.#json;
    return typeof json === 'string' ? json : json.slice(0, json.bytes.length);
  }

  /** The value alone, to be read. */
  get source(): JsonSource {
    const json = this.#json;
    return typeof json === 'string' ? JsonSource.ofText(json) : json;
  }

  /** The bytes of a long value that came in bytes; `null` where it is text. */
  get longBytes(): Buffer | null {
    return typeof this.#json === 'string' ? null : this.#json.bytes;
  }

  /** The first character, which tells a value's type. */
  get first(): string {
    const { longBytes } = this;
    return longBytes === null ? this.text.charAt(0) : String.fromCharCode(longBytes[0] ?? 0);
  }

  /** What is printed of it. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    return `JsonText ${inspect(this.text, options)}`;
  }

  /**
   * Whoever serialises this with JSON.stringify (a log line, an error message) gets the text as a
   * string, which cannot be mistaken for the value. {@link writeJson} writes the value.
   */
  toJSON(): string {
    return this.text;
  }
}

/** What JSON.stringify would not leave as it is. */
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const special = /["\\\u0000-\u001f\ud800-\udfff]/;

/** JSON.stringify of a string; most short ones need no escape. */
export function quoteJson(text: string): string {
  return text.length < 64 && !special.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** What JSON is written to, piece by piece. */
export interface JsonSink {
  write(text: string): void;
  writeValue(json: JsonText): void;
}

class TextSink implements JsonSink {
  text = '';

  write(text: string): void {
    this.text += text;
  }

  writeValue(json: JsonText): void {
    this.text += json.text;
  }
}

/**
 * JSON.stringify, but each {@link JsonText} in the value, at any depth, contributes its text as it
 * is.
 *
 * @throws TypeError for what is no JSON value: `undefined`, a function, a symbol, a BigInt.
 * @throws RangeError for plain values nested some thousands deep.
 */
export function writeJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return writeScalar(value);
  if (value instanceof JsonText) return value.text;
  const sink = new TextSink();
  writeJsonTo(sink, value);
  return sink.text;
}

/**
 * Writes the JSON of a value as {@link writeJson} does.
 *
 * @throws as {@link writeJson} and the sink do
 */
export function writeJsonTo(sink: JsonSink, value: unknown): void {
  if (typeof value !== 'object' || value === null) {
    sink.write(writeScalar(value));
  } else if (value instanceof JsonText) {
    sink.writeValue(value);
  } else if (Array.isArray(value)) {
    let before = '[';
    for (const item of value as unknown[]) {
      sink.write(before);
      writeJsonTo(sink, item ?? null);
      before = ',';
    }
    sink.write(before === '[' ? '[]' : ']');
  } else if (hasToJson(value)) {
    writeJsonTo(sink, value.toJSON());
  } else {
    let before = '{';
    for (const [key, member] of Object.entries(value)) {
      if (member === undefined) continue;
      sink.write(`${before}${quoteJson(key)}:`);
      writeJsonTo(sink, member);
      before = ',';
    }
    sink.write(before === '{' ? '{}' : '}');
  }
}

function writeScalar(value: unknown): string {
  if (typeof value === 'string') return quoteJson(value);
  const text: unknown = JSON.stringify(value);
  if (typeof text !== 'string') throw new TypeError(`JSON cannot express a ${typeof value}.`);
  return text;
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

/** Where a parsed array or object stands in its source. */
interface Span {
  readonly source: JsonSource;
  readonly from: number;
  readonly to: number;
}

/** A class whose constructor makes no object of its own: the one it is given stands for it. */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- the constructor is its use
class Given {
  constructor(container: object) {
    return container;
  }
}

/**
 * Adds a private field to a plain array or object. Nobody else sees it and no copy has it. A WeakMap
 * would do as well, but take more time than all the rest of the parsing.
 */
class SpanField extends Given {
  #span: Span;

  constructor(container: object, span: Span) {
    super(container);
    this.#span = span;
  }

  static of(container: object): Span | null {
    return #span in container ? container.#span : null;
  }
}

/** Remembers where a parsed array or object came from; see {@link jsonText}. */
export function rememberSpan(
  container: object,
  source: JsonSource,
  from: number,
  to: number,
): void {
  new SpanField(container, { source, from, to });
}

/**
 * The text of a value: of an array or object out of `parseJson` the text it was written in, which
 * does not follow changes; of anything else, the one that {@link writeJson} gives it.
 *
 * @throws as {@link writeJson} does
 */
export function jsonText(value: unknown): JsonText {
  if (value instanceof JsonText) return value;
  const span = typeof value === 'object' && value !== null ? SpanField.of(value) : null;
  return span === null
    ? new JsonText(writeJson(value))
    : JsonText.slice(span.source, span.from, span.to);
}
