import { describe, expect, test } from 'vitest';

import { AuthenticationError } from '../../src/errors.ts';
import { maxTokenLength, readBearerToken } from '../../src/identity/bearer.ts';

describe('the Authorization header', () => {
  test.each([
    ['Bearer abc.def-_~+/==', 'abc.def-_~+/=='],
    ['bearer abc', 'abc'],
    ['BEARER   abc', 'abc'],
    ['  Bearer abc  ', 'abc'],
    [`Bearer ${'x'.repeat(maxTokenLength)}`, 'x'.repeat(maxTokenLength)],
  ])('gives the token of %j', (header, token) => {
    expect(readBearerToken(header)).toBe(token);
  });

  test.each([
    [null, /no session token.*"Authorization: Bearer <token>"/],
    ['', /no session token/],
    ['   ', /no session token/],
    ['Basic YWxpY2U6c2VjcmV0', /not of the Bearer scheme/],
    ['abc.def.ghi', /not of the Bearer scheme/],
    ['Bearerabc', /not of the Bearer scheme/],
    ['Bearer', /no token after "Bearer"/],
    ['Bearer   ', /no token after "Bearer"/],
    ['Bearer abc, Bearer def', /more than one credential/],
    ['Bearer abc,def', /more than one credential/],
    ['Bearer abc def', /characters/],
    ['Bearer "abc"', /characters/],
    ['Bearer a=b', /characters/],
    ['Bearer\tabc', /not of the Bearer scheme/],
    ['Bearer äbc', /characters/],
    [`Bearer ${'x'.repeat(maxTokenLength + 1)}`, /too long.*8192/],
  ])('is refused when it is %j', (header, reason) => {
    const read = () => readBearerToken(header);
    expect(read).toThrow(AuthenticationError);
    expect(read).toThrow(reason);
  });

  test('is never repeated in a refusal', () => {
    for (const header of ['Basic hunter2', 'Bearer hunter2 hunter2', 'hunter2']) {
      expect(() => readBearerToken(header)).toThrow(/^(?!.*hunter2)/);
    }
  });

  test('is read in linear time', () => {
    const before = performance.now();
    for (const filler of [' ', '=', 'a=', 'bearer ']) {
      expect(() => readBearerToken(`Bearer ${filler.repeat(1000)},`)).toThrow(AuthenticationError);
    }
    expect(performance.now() - before).toBeLessThan(250);
  });
});
