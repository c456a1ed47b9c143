import { ExactJson } from './exact-json.ts';
import { JsonScanner } from './scanner.ts';

/**
 * The path (keys, and indices in decimal) of the first array or object in `value` that is nested
 * deeper than `maxDepth`, or null where none is. A scalar has depth 0, `[]` depth 1, `[[]]` 2.
 *
 * Looks no deeper than `maxDepth`, so a value of any depth is safe to pass.
 */
export function findTooDeep(value: unknown, maxDepth: number): string[] | null {
  if (typeof value !== 'object' || value === null) return null;
  if (value instanceof ExactJson) return findTooDeepText(value.text, maxDepth);
  if (maxDepth <= 0) return [];
  for (const key of Object.keys(value)) {
    const path = findTooDeep(Reflect.get(value, key), maxDepth - 1);
    if (path !== null) return [key, ...path];
  }
  return null;
}

function findTooDeepText(text: string, maxDepth: number): string[] | null {
  const scanner = new JsonScanner(text);
  const path: (string | number)[] = [];
  let keyIsNext = false;
  for (let first = scanner.next(); first !== undefined; first = scanner.next()) {
    switch (first) {
      case '{':
      case '[':
        if (path.length >= maxDepth) return path.map(String);
        path.push(first === '[' ? 0 : '');
        keyIsNext = first === '{';
        break;
      case '}':
      case ']':
        path.pop();
        keyIsNext = false;
        break;
      case ',': {
        const last = path.at(-1);
        if (typeof last === 'number') path[path.length - 1] = last + 1;
        else keyIsNext = true;
        break;
      }
      case '"':
        if (keyIsNext) path[path.length - 1] = scanner.string;
        keyIsNext = false;
        break;
    }
  }
  return null;
}
