import { describe, expect, it } from 'vitest';
import { parseLimit } from '../../src/rate-limit/limit.ts';
import { createMemoryStore } from '../../src/rate-limit/memory-store.ts';
import { createClock } from '../support/clock.ts';

const { windows } = parseLimit({ group: 'update', limits: [{ window: '60s', max: 50 }] });

function setUp(maxUsers?: number) {
  const clock = createClock();
  const store = createMemoryStore({
    now: clock.now,
    ...(maxUsers === undefined ? {} : { maxUsers }),
  });
  const call = (user: string, limits = windows) => store.consume({ user, group: 'update' }, limits);
  const remaining = (user: string) => call(user).windows[0]?.remaining;
  const callTimes = (user: string, times: number) => {
    for (let index = 0; index < times; index += 1) call(user);
  };
  return { clock, store, call, callTimes, remaining };
}

describe('memory store', () => {
  it('forgets idle users in the course of later calls', () => {
    const { clock, store, call, callTimes } = setUp();
    for (let index = 0; index < 1000; index += 1) call(`once-${index}`);
    for (let index = 0; index < 100; index += 1) callTimes(`often-${index}`, 20);
    clock.advance(60_000);
    for (let index = 0; index < 1500; index += 1) call('still-here');
    expect(store.size).toBe(1);
  });

  it('does not pile up idle users while new ones keep coming', () => {
    const { clock, store, call } = setUp();
    let most = 0;
    for (let index = 0; index < 20_000; index += 1) {
      call(`user-${index}`);
      clock.advance(60);
      most = Math.max(most, store.size);
    }
    expect(most).toBeLessThanOrEqual(1_010);
  });

  it('never holds more users than it may', () => {
    const { store, call } = setUp(100);
    for (let index = 0; index < 1000; index += 1) call(`user-${index}`);
    expect(store.size).toBe(100);
  });

  it('keeps the count of a busy user through a flood of new ones', () => {
    const { call, callTimes, remaining } = setUp(100);
    callTimes('victim', 50);
    for (let index = 0; index < 10_000; index += 1) call(`flood-${index}`);
    expect(call('victim').admitted).toBe(false);
    expect(remaining('flood-9999')).toBe(48);
  });

  it('displaces the user who called least, then the one who called longest ago', () => {
    const { call, callTimes, remaining } = setUp(3);
    callTimes('four', 4);
    call('one');
    call('one-later');
    call('newcomer');
    expect(remaining('one-later')).toBe(48);
    expect(remaining('four')).toBe(45);
    expect(remaining('one')).toBe(49);
  });

  it('starts a new group with room of its own', () => {
    const { store, call } = setUp(1);
    call('ann');
    store.consume({ user: 'bob', group: 'read' }, windows);
    expect(store.size).toBe(2);
  });

  it('keeps a full log when a group asks for a larger max', () => {
    const { call, callTimes, clock } = setUp();
    const { windows: small } = parseLimit({ group: 'small', limits: [{ window: '60s', max: 3 }] });
    for (let index = 0; index < 4; index += 1) {
      call('ann', small);
      clock.advance(20_000);
    }
    callTimes('ann', 60);
    expect(call('ann')).toMatchObject({ admitted: false, retryAfterMs: 20_000 });
  });

  it('goes on at once after its clock was set back', () => {
    const { call, callTimes, clock } = setUp();
    callTimes('ann', 50);
    clock.advance(-3_600_000);
    expect(call('ann')).toMatchObject({ admitted: false, retryAfterMs: 60_000 });
    clock.advance(60_000);
    expect(call('ann')).toMatchObject({ admitted: true });
  });
});
