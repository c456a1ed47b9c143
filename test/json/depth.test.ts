import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { JsonText, findTooDeep, jsonText, parseJson } from '../../src/json/index.ts';
import { jsonText as anyText } from '../support/json-texts.ts';
import { isArray, readTree, type Tree } from './ordered-tree.ts';

const nest = (depth: number, inside = '') => `${'['.repeat(depth)}${inside}${']'.repeat(depth)}`;

describe.each([
  ['a text', (text: string) => new JsonText(text)],
  ['a parsed value', (text: string) => jsonText(parseJson(text))],
  ['plain values', (text: string) => jsonText(JSON.parse(text))],
  ['plain values around texts', (text: string) => jsonText(wrapMembers(JSON.parse(text)))],
])('findTooDeep in %s', (_, read) => {
  it('lets 128 levels pass and refuses 129', () => {
    expect(findTooDeep(read(nest(128, '1')), 128)).toBeNull();
    expect(findTooDeep(read(nest(129)), 128)).toEqual(Array.from({ length: 128 }, () => '0'));
  });

  it('counts a scalar as 0 and an empty container as 1', () => {
    expect(findTooDeep(read('"[[["'), 0)).toBeNull();
    expect(findTooDeep(read('[]'), 0)).toEqual([]);
    expect(findTooDeep(read('{}'), 1)).toBeNull();
  });

  it('names keys and indices on the way to the first', () => {
    const text = '{"a":[1,{"b":"x"}],"__proto__":[true,{"c\\n":[0,[]],"d":[[[]]]}]}';
    expect(findTooDeep(read(text), 4)).toEqual(['__proto__', '1', 'c\n', '1']);
    expect(findTooDeep(read(text), 2)).toEqual(['a', '1']);
  });
});

describe('findTooDeep', () => {
  it('withstands 20,000 levels', () => {
    const text = nest(20_000);
    expect(findTooDeep(new JsonText(text), 3)).toEqual(['0', '0', '0']);
    expect(findTooDeep(jsonText(parseJson(text)), 3)).toEqual(['0', '0', '0']);
    expect(findTooDeep(new JsonText(text), 19_999)).toHaveLength(19_999);
    expect(findTooDeep(new JsonText(text), 20_000)).toBeNull();
  });

  it('finds the first that a walk through the value finds', () => {
    fc.assert(
      fc.property(anyText, fc.nat({ max: 5 }), (text, maxDepth) => {
        expect(findTooDeep(new JsonText(text), maxDepth)).toEqual(walk(readTree(text), maxDepth));
      }),
      { numRuns: 1000 },
    );
  });

  it('does not look where the depth is known', () => {
    expect(findTooDeep(new JsonText(nest(5), 4), 4)).toBeNull();
    expect(findTooDeep(new JsonText(nest(5), 5), 4)).toEqual(['0', '0', '0', '0']);
  });
});

/** The naive model: the path of the first container below `levels` levels. */
function walk(tree: Tree, levels: number): string[] | null {
  if (typeof tree === 'string') return null;
  if (levels === 0) return [];
  const members: Iterable<readonly [string, Tree]> = isArray(tree)
    ? tree.map((item, index) => [String(index), item] as const)
    : Array.from(tree, ([key, value]) => [JSON.parse(key) as string, value] as const);
  for (const [name, member] of members) {
    const found = walk(member, levels - 1);
    if (found !== null) return [name, ...found];
  }
  return null;
}

function wrapMembers(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    return value.map((item: unknown) => new JsonText(JSON.stringify(item)));
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, new JsonText(JSON.stringify(member))]),
  );
}
