import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ExactJson, findTooDeep } from '../../src/json/index.ts';
import { jsonText } from '../support/json-texts.ts';

const nest = (depth: number, inside = '') => `${'['.repeat(depth)}${inside}${']'.repeat(depth)}`;

describe.each([
  ['plain values', (text: string): unknown => JSON.parse(text)],
  ['carried values', (text: string): unknown => new ExactJson(text)],
  ['plain values around carried ones', (text: string): unknown => wrapMembers(JSON.parse(text))],
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

  it('withstands 20,000 levels', () => {
    expect(findTooDeep(read(nest(20_000)), 3)).toEqual(['0', '0', '0']);
  });
});

describe('findTooDeep', () => {
  it('finds the same in a value and in its text', () => {
    fc.assert(
      fc.property(jsonText, fc.nat({ max: 5 }), (text, maxDepth) => {
        const inText = findTooDeep(new ExactJson(text), maxDepth);
        const inValue = findTooDeep(JSON.parse(text), maxDepth);
        // Plain objects reorder keys, so which is first may differ, but not how deep it lies.
        expect(inValue?.length).toBe(inText?.length);
      }),
    );
  });
});

function wrapMembers(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    return value.map((item: unknown) =>
      isDeep(item) ? item : new ExactJson(JSON.stringify(item)),
    );
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, new ExactJson(JSON.stringify(member))]),
  );
}

/** Whether JSON.stringify might overflow. */
const isDeep = (value: unknown) => findTooDeep(value, 1000) !== null;
