import type { JsonText } from './json-text.ts';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  TOO_DEEP,
  endOfValue,
} from './scanner.ts';

/**
 * Returns the path (keys, and indices in decimal) of the first array or object that is nested deeper
 * than `maxDepth`; null where there is none. A scalar has depth 0, `[]` depth 1, `[[]]` depth 2.
 */
export function findTooDeep(json: JsonText, maxDepth: number): string[] | null {
  if (json.withinDepth <= maxDepth) return null;
  const { bytes } = json.source;
  // The scanner is faster than the search for the path, which is rarely needed.
  return endOfValue(bytes, 0, maxDepth) === TOO_DEEP ? pathBelow(json.text, maxDepth) : null;
}

/** Returns the path of the first container below `maxDepth` levels. The text must have one. */
function pathBelow(text: string, maxDepth: number): string[] {
  const path: (string | number)[] = [];
  let keyIsNext = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case OPEN_BRACE:
      case OPEN_BRACKET: {
        if (path.length === maxDepth) return path.map(String);
        keyIsNext = text.charCodeAt(at) === OPEN_BRACE;
        path.push(keyIsNext ? '' : 0);
        break;
      }
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        path.pop();
        keyIsNext = false;
        break;
      case COMMA: {
        const last = path.at(-1);
        if (typeof last === 'number') path[path.length - 1] = last + 1;
        else keyIsNext = true;
        break;
      }
      case QUOTE: {
        const end = endOfString(text, at);
        if (keyIsNext) path[path.length - 1] = JSON.parse(text.slice(at, end)) as string;
        keyIsNext = false;
        at = end - 1;
        break;
      }
    }
  }
  throw new TypeError(`No value is nested deeper than ${maxDepth} levels.`);
}

/** Returns the index after the string at `at`. The text must be valid. */
function endOfString(text: string, at: number): number {
  let end = at + 1;
  while (text.charCodeAt(end) !== QUOTE) end += text.charCodeAt(end) === BACKSLASH ? 2 : 1;
  return end + 1;
}
