import { describe, expect, it } from 'vitest';

import { parseLimit, type RateLimitRule } from '../../src/rate-limit/limit.ts';

const parse = (...limits: RateLimitRule[]) => parseLimit({ group: 'update', limits });

describe('parseLimit', () => {
  it.each([
    ['60s', 60_000, 'minute'],
    ['1 minute', 60_000, 'minute'],
    ['1s', 1_000, 'burst'],
    ['10s', 10_000, '10s'],
    ['250ms', 250, '250ms'],
    ['1', 1, '1'],
    ['24h', 86_400_000, '24h'],
  ])('reads the window %j as %d ms and names it %s', (window, windowMs, name) => {
    expect(parse({ window, max: 5 }).windows).toEqual([{ name, windowMs, max: 5 }]);
  });

  it.each(['', 'soon', '0s', '-1s', '0.5ms', '25h', '1s '.repeat(40), '60s"'])(
    'refuses the window %j by name',
    (window) => {
      expect(() => parse({ window, max: 5 })).toThrow(RangeError);
      expect(() => parse({ window, max: 5 })).toThrow(JSON.stringify(window));
    },
  );

  it.each([0, -1, 1.5, NaN, Infinity])('refuses the max %d by name', (max) => {
    expect(() => parse({ window: '60s', max })).toThrow(`Rate limit max ${max}`);
  });

  it('refuses a group with no rule', () => {
    expect(() => parse()).toThrow('at least one rule');
  });

  it('refuses two rules for one length of window', () => {
    const rules = [
      { window: '60s', max: 5 },
      { window: '1m', max: 6 },
    ];
    expect(() => parse(...rules)).toThrow('60000 ms');
  });

  it('makes the text of the policy header once, in the order of the rules', () => {
    const { group, policy } = parse({ window: '1s', max: 10 }, { window: '1500ms', max: 12 });
    expect(group).toBe('update');
    expect(policy).toBe('"burst";q=10;w=1, "1500ms";q=12');
  });

  it('returns what nobody can change', () => {
    const limit = parse({ window: '1s', max: 10 });
    expect(Object.isFrozen(limit)).toBe(true);
    expect(Object.isFrozen(limit.windows)).toBe(true);
    expect(Object.isFrozen(limit.windows[0])).toBe(true);
  });
});
