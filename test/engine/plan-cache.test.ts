import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';

import { createPlanCache, createTextCache } from '../../src/engine/plan-cache.ts';
import { schema } from '../../src/gateway.ts';

describe('a cache of documents', () => {
  it('holds hundreds of the usual size', () => {
    const cache = createTextCache();
    for (let i = 0; i < 500; i += 1) cache.set(`${i} `.padEnd(1_000), {});
    expect(cache.size).toBe(500);
  });

  it('holds no more than half a million characters, whatever clients make up', () => {
    const cache = createTextCache();
    for (let i = 0; i < 1_000; i += 1) cache.set(`${i} `.padEnd(8_000), {});
    expect(cache.size).toBe(65);
  });

  it('leaves out what would push out all the others', () => {
    const cache = createTextCache();
    cache.set('usual', {});
    cache.set('x'.repeat(100_000), {});
    expect([...cache.keys()]).toEqual(['usual']);
  });
});

describe('a cache of plans', () => {
  const text = '{ executionContext(id: "é/1") { __typename } }';

  function learn(key: string | null = null, source = text) {
    const cache = createPlanCache(schema, {
      isPinned: (asked) => asked === 'trusted',
      tokenOf: (asked) => (asked === 'other' ? JSON.stringify(source) : undefined),
      learnedOnly: true,
    });
    cache.learn(source, key, parse(source));
    return cache;
  }

  it('finds a document however its JSON string is spelled', () => {
    const cache = learn();
    const plan = cache.find(JSON.stringify(text));
    expect(plan).not.toBeNull();
    const spellings = [
      '"{ executionContext(id: \\"\\u00e9\\/1\\") { __typename } }"',
      '"\\u007b executionContext(id: \\u0022é/1\\u0022) { __typename } }"',
    ];
    for (const spelling of [...spellings, ...spellings]) expect(cache.find(spelling)).toBe(plan);
    expect(cache.find(JSON.stringify(`${text} `))).toBeNull();
  });

  it('plans a document when it is met, once however it is spelled', () => {
    const cache = createPlanCache(schema);
    const plan = cache.find('"\\u007b executionContext(id: \\u0022é/1\\u0022) { __typename } }"');
    expect(plan).not.toBeNull();
    expect(cache.find(JSON.stringify(text))).toBe(plan);
  });

  /** Each alias at the root has all fields of the fragment, in seven members of its union. */
  function multiplied(name: string, roots: number, fields: number): string {
    const times = (count: number, write: (index: number) => string) =>
      Array.from({ length: count }, (_, index) => write(index)).join(' ');
    return `query ${name} { ${times(roots, (i) => `a${i}: executionContext(id: "1") { ...F }`)} }
      fragment F on ExecutionContextError { ${times(fields, (i) => `b${i}: message`)} }`;
  }

  it('keeps fewer plans of documents whose fields multiply, long before their texts add up', () => {
    const cache = createPlanCache(schema);
    const tokens = Array.from({ length: 60 }, (_, i) =>
      JSON.stringify(multiplied(`Q${i}`, 20, 25)),
    );
    const plans = tokens.map((token) => cache.find(token));
    expect(plans).not.toContain(null);
    // What was kept is found as it was; from the newest on, so that no other is pushed out before.
    const kept = tokens.reverse().filter((token, i) => cache.find(token) === plans.at(-1 - i));
    expect(kept.length).toBeGreaterThan(20);
    expect(kept.length).toBeLessThan(40);
  });

  it.each([
    ['of too many fields', multiplied('Q', 100, 100)],
    ['malformed', '{ executionContext('],
    ['invalid', '{ executionContext { __typename } }'],
    ['too large', `{ ${'a: __typename '.repeat(4_000)} }`],
    ['too long to be remembered', `${text} ${'#'.repeat(10_000)}`],
    ['of the federation', '{ _service { sdl } }'],
  ])('has no plan of a document that is %s', (_, source) => {
    const cache = createPlanCache(schema);
    expect(cache.find(JSON.stringify(source))).toBeNull();
    expect(cache.find(JSON.stringify(source))).toBeNull();
  });

  it('has no plan of what is always executed by Yoga', () => {
    const source = '{ _service { sdl } }';
    expect(learn('trusted', source).find(JSON.stringify(source))).toBeNull();
    expect(learn('trusted', source).findByKey('trusted', false)).toBeNull();
  });

  it('tells pinned keys from others', () => {
    expect(learn('trusted').findByKey('trusted', true)).not.toBeNull();
    expect(learn('other').findByKey('other', true)).toBeNull();
    expect(learn('other').findByKey('other', false)).not.toBeNull();
  });
});
