import { describe, expect, it } from 'vitest';

import { createTextCache } from '../../src/engine/plan-cache.ts';

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
