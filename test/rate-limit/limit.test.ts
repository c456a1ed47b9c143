import { describe, expect, it } from 'vitest';
import { parseRateLimitRule, parseRateLimitRules } from '../../src/rate-limit/limit.ts';

describe('parseRateLimitRule', () => {
  it.each([
    ['60s', 60_000, 'minute'],
    ['1 minute', 60_000, 'minute'],
    ['1s', 1_000, 'burst'],
    ['10s', 10_000, '10s'],
    ['250ms', 250, '250ms'],
    ['1', 1, '1'],
    ['24h', 86_400_000, '24h'],
  ])('reads the window %j as %d ms and names it %s', (window, windowMs, name) => {
    expect(parseRateLimitRule({ window, max: 5 })).toEqual({ name, windowMs, max: 5 });
  });

  it.each(['', 'soon', '0s', '-1s', '0.5ms', '25h', '1s '.repeat(40), '60s"'])(
    'refuses the window %j by name',
    (window) => {
      expect(() => parseRateLimitRule({ window, max: 5 })).toThrow(RangeError);
      expect(() => parseRateLimitRule({ window, max: 5 })).toThrow(JSON.stringify(window));
    },
  );

  it.each([0, -1, 1.5, NaN, Infinity])('refuses the max %d by name', (max) => {
    expect(() => parseRateLimitRule({ window: '60s', max })).toThrow(`Rate limit max ${max}`);
  });
});

describe('parseRateLimitRules', () => {
  it('refuses a group with no rule', () => {
    expect(() => parseRateLimitRules([])).toThrow('at least one rule');
  });

  it('refuses two rules for one length of window', () => {
    const rules = [
      { window: '60s', max: 5 },
      { window: '1m', max: 6 },
    ];
    expect(() => parseRateLimitRules(rules)).toThrow('60000 ms');
  });
});
