import { beforeEach, describe, expect, it } from 'vitest';
import { RedisClock } from '../../src/shared-state/redis-clock.ts';

describe('RedisClock', () => {
  let redisClock: RedisClock;
  beforeEach(() => {
    redisClock = new RedisClock();
  });

  it('knows nothing before the first reply', () => {
    expect(redisClock.surelyReachedAt(0, 0)).toBe(0);
  });

  it('holds the time in a reply to be that of its receipt, not of its sending', () => {
    redisClock.observe(100, 110, 7_000_000);
    expect(redisClock.surelyReachedAt(150, 110)).toBe(7_040_000);
  });

  it('keeps the quickest reply', () => {
    redisClock.observe(100, 101, 7_000_000);
    redisClock.observe(101, 131, 7_010_000);
    expect(redisClock.surelyReachedAt(101, 101)).toBe(7_000_000);
  });

  it('trusts a reply less as the clocks may drift apart', () => {
    redisClock.observe(100, 100, 7_000_000);
    expect(redisClock.surelyReachedAt(10_100, 10_100)).toBe(17_000_000 - 10_000);
  });

  it.each([
    ['back', -3_600e6],
    ['forward', 3_600e6],
  ])('follows a clock that is set %s', (_, stepUs) => {
    redisClock.observe(100, 101, 7_000_000);
    redisClock.observe(200, 202, 7_101_000 + stepUs);
    expect(redisClock.surelyReachedAt(202, 202)).toBe(7_101_000 + stepUs);
  });

  it('forgets one server when another answers', () => {
    redisClock.observe(100, 101, 7_000_000);
    redisClock.reset();
    expect(redisClock.surelyReachedAt(102, 102)).toBe(0);
  });
});
