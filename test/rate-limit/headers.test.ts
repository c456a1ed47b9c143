import { describe, expect, it } from 'vitest';
import { RateLimitHeaders } from '../../src/rate-limit/headers.ts';
import { parseLimit, type Limit } from '../../src/rate-limit/limit.ts';
import { createMemoryStore } from '../../src/rate-limit/memory-store.ts';
import type { RateLimitDecision } from '../../src/rate-limit/store.ts';
import { createClock } from '../support/clock.ts';

const update = parseLimit({
  group: 'update',
  limits: [
    { window: '1s', max: 10 },
    { window: '60s', max: 50 },
  ],
});
const read = parseLimit({
  group: 'read',
  limits: [
    { window: '1s', max: 20 },
    { window: '60s', max: 100 },
  ],
});

function setUp() {
  const clock = createClock();
  const store = createMemoryStore({ now: clock.now });
  const call = (limit: Limit = update) => [limit, store.decide('ann', limit, 1)] as const;
  return { clock, call };
}

/** The headers for the decisions of one request. */
function headersOf(...decisions: readonly (readonly [Limit, RateLimitDecision])[]) {
  const headers = new RateLimitHeaders();
  for (const [limit, decision] of decisions) headers.note(limit, decision);
  const { policy, state } = headers;
  return { policy, state };
}

describe('the RateLimit headers', () => {
  it('lists all windows of a group as policies and tells the tightest', () => {
    const { call } = setUp();
    expect(headersOf(call())).toEqual({
      policy: '"burst";q=10;w=1, "minute";q=50;w=60',
      state: '"burst";r=9;t=1',
    });
  });

  it('tells the minute when fewer of it remain, in seconds rounded up', () => {
    const { call, clock } = setUp();
    for (let second = 0; second < 4; second += 1) {
      for (let index = 0; index < 10; index += 1) call();
      clock.advance(1000);
    }
    for (let index = 0; index < 8; index += 1) call();
    clock.advance(900);
    call();
    clock.advance(200);
    expect(headersOf(call()).state).toBe('"minute";r=0;t=55');
  });

  it('tells the longest wait when two windows have nothing left', () => {
    const { call, clock } = setUp();
    for (let second = 0; second < 5; second += 1) {
      for (let index = 0; index < 10; index += 1) call();
      if (second < 4) clock.advance(1000);
    }
    expect(headersOf(call()).state).toBe('"minute";r=0;t=56');
  });

  it('describes the tightest group of a request that touched several', () => {
    const { call } = setUp();
    const decisions = [call(read), call(), call(read)];
    expect(headersOf(...decisions).policy).toBe('"burst";q=10;w=1, "minute";q=50;w=60');
  });

  it('describes the last of several calls of one group', () => {
    const { call } = setUp();
    const decisions = [call(), call(), call()];
    expect(headersOf(...decisions).state).toBe('"burst";r=7;t=1');
  });

  it('leaves out a length that is no whole number of seconds', () => {
    const { call } = setUp();
    const odd = parseLimit({ group: 'other', limits: [{ window: '1500ms', max: 3 }] });
    expect(headersOf(call(odd))).toEqual({
      policy: '"1500ms";q=3',
      state: '"1500ms";r=2;t=2',
    });
  });

  it('is silent where nothing was limited', () => {
    expect(headersOf()).toEqual({ policy: undefined, state: undefined });
  });
});
