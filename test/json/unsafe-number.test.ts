import { describe, expect, it } from 'vitest';

import { UnsafeNumber } from '../../src/json/index.ts';

describe('UnsafeNumber', () => {
  it.each<[string, (id: unknown) => unknown]>([
    ['a template literal', (id) => `/contexts/${id as string}`],
    ['concatenation', (id) => '/contexts/' + (id as string)],
    ['String', String],
    ['arithmetic', (id) => Number(id)],
    ['encodeURIComponent', (id) => encodeURIComponent(id as string)],
    ['URLSearchParams', (id) => new URLSearchParams({ id: id as string })],
    ['JSON.stringify', (id) => JSON.stringify({ id })],
  ])('cannot become an id by %s', (_, use) => {
    expect(() => use(new UnsafeNumber('9007199254740993'))).toThrow(TypeError);
  });
});
