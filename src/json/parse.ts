import { JsonText, rememberSpan } from './json-text.ts';
import { doubleHolds } from './number.ts';
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  LETTER_F,
  LETTER_N,
  LETTER_T,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  endOfString,
  endOfValue,
  skipSpace,
  startOfMemberValue,
} from './scanner.ts';
import { JsonSource } from './source.ts';

/** An array or object whose end has not been reached. */
interface Frame {
  readonly container: unknown[] | Record<string, unknown>;
  readonly from: number;
  /** The key of the member that is being read; unused for an array. */
  key: string;
}

/**
 * A lossless JSON.parse. The result consists of plain objects and arrays, except that a number which a
 * double does not hold is a {@link JsonText}; `jsonText` returns the original text of any array or
 * object in it.
 *
 * Of members with the same key the last one counts; `__proto__` is a key like any other. Values may nest
 * to any depth.
 *
 * @throws {SyntaxError} Exactly where JSON.parse does (RFC 8259).
 */
export function parseJson(text: string): unknown {
  // A source escapes lone surrogates, which would make an invalid backslash before one valid.
  if (!text.isWellFormed()) JSON.parse(text);
  const source = JsonSource.ofText(text);
  const { bytes } = source;
  const end = endOfValue(bytes, 0);
  if (end < 0 || skipSpace(bytes, end) !== bytes.length) {
    JSON.parse(text);
    throw new SyntaxError('The text is not valid JSON.');
  }
  return build(source);
}

/** Builds the value of a valid source. Does not recurse, so that no depth overflows the stack. */
function build(source: JsonSource): unknown {
  const { bytes } = source;
  const open: Frame[] = [];
  let at = skipSpace(bytes, 0);
  for (;;) {
    const first = bytes[at];
    let value: unknown;
    if (first === OPEN_BRACE || first === OPEN_BRACKET) {
      const frame: Frame = { container: first === OPEN_BRACE ? {} : [], from: at, key: '' };
      at = skipSpace(bytes, at + 1);
      if (bytes[at] !== CLOSE_BRACE && bytes[at] !== CLOSE_BRACKET) {
        open.push(frame);
        at = enter(source, frame, at);
        continue;
      }
      at += 1;
      value = close(source, frame, at);
    } else {
      const end = endOfValue(bytes, at);
      value = scalar(source, at, end);
      at = end;
    }
    // Adds the complete value to its container, which may then be complete as well.
    for (;;) {
      const frame = open.at(-1);
      if (frame === undefined) return value;
      put(frame, value);
      at = skipSpace(bytes, at);
      if (bytes[at] === COMMA) {
        at = enter(source, frame, skipSpace(bytes, at + 1));
        break;
      }
      at += 1;
      open.pop();
      value = close(source, frame, at);
    }
  }
}

/** Reads the key, if the container is an object. Returns the index of the value. */
function enter(source: JsonSource, frame: Frame, at: number): number {
  if (Array.isArray(frame.container)) return at;
  const end = endOfString(source.bytes, at);
  frame.key = source.string(at, end);
  return startOfMemberValue(source.bytes, end);
}

function put({ container, key }: Frame, value: unknown): void {
  if (Array.isArray(container)) container.push(value);
  else if (key !== '__proto__') container[key] = value;
  else {
    Object.defineProperty(container, key, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
}

function close(source: JsonSource, { container, from }: Frame, to: number): unknown {
  rememberSpan(container, source, from, to);
  return container;
}

function scalar(source: JsonSource, from: number, to: number): unknown {
  switch (source.bytes[from] ?? 0) {
    case QUOTE:
      return source.string(from, to);
    case LETTER_N:
      return null;
    case LETTER_T:
      return true;
    case LETTER_F:
      return false;
    default: {
      const text = source.slice(from, to);
      return doubleHolds(text) ? Number(text) : new JsonText(text, 0);
    }
  }
}
