import { inspect, type InspectOptions } from 'node:util';

import { JsonSource, longFrom } from './source.ts';

/**
 * A JSON value as its text, which must be valid (RFC 8259) and is not checked again. It preserves what
 * a JavaScript value would lose: digits beyond those of a double, the order of keys, and the spelling.
 *
 * A long value that was received as bytes is decoded only when its text is read.
 */
export class JsonText {
  /** An upper bound of the depth to which arrays and objects nest; `Infinity` where it is unknown. */
  readonly withinDepth: number;
  #json: string | JsonSource;

  /**
   * @param json - The value, without white space around it.
   * @param withinDepth - An upper bound of its depth. @default Infinity
   */
  constructor(json: string | JsonSource, withinDepth = Infinity) {
    this.#json = json;
    this.withinDepth = withinDepth;
  }

  /** Returns the value in `source` from `from` to before `to`. It may keep the whole source alive. */
  static slice(source: JsonSource, from: number, to: number, withinDepth = Infinity): JsonText {
    const isLong = to - from >= longFrom;
    return new JsonText(isLong ? source.part(from, to) : source.slice(from, to), withinDepth);
  }

  get text(): string {
    const json = this.#json;
    return typeof json === 'string' ? json : json.slice(0, json.bytes.length);
  }

  /** The value as a source for the readers of `source.ts`. */
  get source(): JsonSource {
    const json = this.#json;
    return typeof json === 'string' ? JsonSource.ofText(json) : json;
  }

  /** The bytes of a long value that was received as bytes; `null` where the value is text. */
  get longBytes(): Buffer | null {
    return typeof this.#json === 'string' ? null : this.#json.bytes;
  }

  /** The first character, which determines the type of the value. */
  get first(): string {
    const { longBytes } = this;
    return longBytes === null ? this.text.charAt(0) : String.fromCharCode(longBytes[0] ?? 0);
  }

  /** How `util.inspect` prints it. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    return `JsonText ${inspect(this.text, options)}`;
  }

  /**
   * JSON.stringify (in a log line, for example) writes the text as a string. {@link writeJson} writes
   * the value itself.
   */
  toJSON(): string {
    return this.text;
  }
}

/** The characters that JSON.stringify escapes. */
// eslint-disable-next-line no-control-regex -- it has to match control characters
const special = /["\\\u0000-\u001f\ud800-\udfff]/;

/** JSON.stringify for strings, faster for short ones, most of which need no escapes. */
export function quoteJson(text: string): string {
  return text.length < 64 && !special.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** Receives JSON piece by piece. */
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
 * JSON.stringify, except that each {@link JsonText} in the value, at any depth, is written as its text.
 *
 * @throws {TypeError} For a value that JSON cannot express: `undefined`, a function, a symbol, a BigInt.
 * @throws {RangeError} For plain values that nest some thousands of levels deep.
 */
export function writeJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return writeScalar(value);
  if (value instanceof JsonText) return value.text;
  const sink = new TextSink();
  writeJsonTo(sink, value);
  return sink.text;
}

/**
 * Writes the JSON of a value to `sink`, as {@link writeJson} does.
 *
 * @throws {TypeError} As {@link writeJson}.
 * @throws {RangeError} As {@link writeJson}. The errors of the sink pass through.
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

/** The place of a parsed array or object in its source. */
interface Span {
  readonly source: JsonSource;
  readonly from: number;
  readonly to: number;
}

/** A class whose constructor returns the given object instead of a new one. */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- used for its constructor
class Given {
  constructor(container: object) {
    return container;
  }
}

/**
 * Adds a private field to a plain array or object. The field is invisible to other code and not copied
 * with the object. A WeakMap would work as well, but take longer than the whole parsing.
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

/** Remembers the place of a parsed array or object in its source; see {@link jsonText}. */
export function rememberSpan(
  container: object,
  source: JsonSource,
  from: number,
  to: number,
): void {
  new SpanField(container, { source, from, to });
}

/**
 * Returns the text of a value. For an array or object from `parseJson` it is the original text, even if
 * the object was modified since; for any other value the text of {@link writeJson}.
 *
 * @throws {TypeError} As {@link writeJson}.
 * @throws {RangeError} As {@link writeJson}.
 */
export function jsonText(value: unknown): JsonText {
  if (value instanceof JsonText) return value;
  const span = typeof value === 'object' && value !== null ? SpanField.of(value) : null;
  return span === null
    ? new JsonText(writeJson(value))
    : JsonText.slice(span.source, span.from, span.to);
}
