import { ExactJson } from './exact-json.ts';
import { JsonScanner } from './scanner.ts';

/**
 * The path (keys, and indices in decimal) of the first array or object in `value` that is nested
 * deeper than `maxDepth`, or null where none is. A scalar has depth 0, `[]` depth 1, `[[]]` 2.
 *
 * Looks no deeper than `maxDepth`, so a value of any depth is safe to pass.
 */
export function findTooDeep(value: unknown, maxDepth: number): string[] | null {
  return isContainer(value) ? findIn(value, maxDepth) : null;
}

function findIn(container: object, maxDepth: number): string[] | null {
  if (container instanceof ExactJson) return findInText(container.text, maxDepth);
  if (maxDepth <= 0) return [];
  // Two loops, because lists of keys or entries would take six times as long.
  if (Array.isArray(container)) {
    for (let i = 0; i < container.length; i++) {
      const path = findInMember(container[i], maxDepth);
      if (path !== null) return [String(i), ...path];
    }
    return null;
  }
  for (const key in container) {
    const path = findInMember(container[key as keyof typeof container], maxDepth);
    if (path !== null) return [key, ...path];
  }
  return null;
}

function findInMember(member: unknown, maxDepth: number): string[] | null {
  return isContainer(member) ? findIn(member, maxDepth - 1) : null;
}

function findInText(text: string, maxDepth: number): string[] | null {
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

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
