import { canonicalTokens } from '../support/json-equality.ts';

/**
 * A JSON value that keeps the order of members: a scalar is its token in the one spelling that
 * `canonicalTokens` gives it, and so is a key.
 */
export type Tree = string | readonly Tree[] | ReadonlyMap<string, Tree>;

/** Of members with one key the last one counts, in the place of the first. */
export function readTree(text: string): Tree {
  const tokens = canonicalTokens(text);
  let at = 0;
  const next = () => tokens[at++] ?? '';

  function read(): Tree {
    const token = next();
    if (token === '[') {
      const items: Tree[] = [];
      while (tokens[at] !== ']') {
        items.push(read());
        if (tokens[at] === ',') at++;
      }
      at++;
      return items;
    }
    if (token === '{') {
      const members = new Map<string, Tree>();
      while (tokens[at] !== '}') {
        const key = next();
        at++;
        members.set(key, read());
        if (tokens[at] === ',') at++;
      }
      at++;
      return members;
    }
    return token;
  }

  return read();
}

export function writeTree(tree: Tree): string {
  if (typeof tree === 'string') return tree;
  if (isArray(tree)) return `[${tree.map(writeTree).join()}]`;
  return `{${Array.from(tree, ([key, value]) => `${key}:${writeTree(value)}`).join()}}`;
}

/** The same with the members of every object in one order. */
export function sortTree(tree: Tree): Tree {
  if (typeof tree === 'string') return tree;
  if (isArray(tree)) return tree.map(sortTree);
  const sorted = [...tree].sort(([one], [other]) => (one < other ? -1 : 1));
  return new Map(sorted.map(([key, value]) => [key, sortTree(value)]));
}

export function isArray(tree: Tree): tree is readonly Tree[] {
  return Array.isArray(tree);
}

export function isObject(tree: Tree): tree is ReadonlyMap<string, Tree> {
  return tree instanceof Map;
}

/** How many levels arrays and objects nest. */
export function depthOf(tree: Tree): number {
  if (typeof tree === 'string') return 0;
  const inner = isArray(tree) ? tree : [...tree.values()];
  return 1 + Math.max(0, ...inner.map(depthOf));
}
