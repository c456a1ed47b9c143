import { describe, expect, it } from 'vitest';
import { rateLimitHeaders } from '../../src/rate-limit/headers.ts';
import { parseLimit } from '../../src/rate-limit/limit.ts';
import { createMemoryStore } from '../../src/rate-limit/memory-store.ts';
import { createClock } from '../support/clock.ts';

const { windows: update } = parseLimit({
  group: 'update',
  limits: [
    { window: '1s', max: 10 },
    { window: '60s', max: 50 },
  ],
});
const { windows: read } = parseLimit({
  group: 'read',
  limits: [
    { window: '1s', max: 20 },
    { window: '60s', max: 100 },
  ],
});

function setUp() {
  const clock = createClock();
  const store = createMemoryStore({ clock });
  const call = (group: string, windows = update) => store.consume({ user: 'ann', group }, windows);
  return { clock, call };
}

describe('rateLimitHeaders', () => {
  it('lists all windows of a group as policies and tells the tightest', () => {
    const { call } = setUp();
    expect(rateLimitHeaders([call('update')])).toEqual({
      'RateLimit-Policy': '"burst";q=10;w=1, "minute";q=50;w=60',
      RateLimit: '"burst";r=9;t=1',
    });
  });

  it('tells the minute when fewer of it remain, in seconds rounded up', () => {
    const { call, clock } = setUp();
    for (let second = 0; second < 4; second += 1) {
      for (let index = 0; index < 10; index += 1) call('update');
      clock.advance(1000);
    }
    for (let index = 0; index < 8; index += 1) call('update');
    clock.advance(900);
    call('update');
    clock.advance(200);
    expect(rateLimitHeaders([call('update')])?.RateLimit).toBe('"minute";r=0;t=55');
  });

  it('tells the longest wait when two windows have nothing left', () => {
    const { call, clock } = setUp();
    for (let second = 0; second < 5; second += 1) {
      for (let index = 0; index < 10; index += 1) call('update');
      if (second < 4) clock.advance(1000);
    }
    expect(rateLimitHeaders([call('update')])?.RateLimit).toBe('"minute";r=0;t=56');
  });

  it('describes the tightest group of a request that touched several', () => {
    const { call } = setUp();
    const decisions = [call('read', read), call('update'), call('read', read)];
    expect(rateLimitHeaders(decisions)?.['RateLimit-Policy']).toBe(
      '"burst";q=10;w=1, "minute";q=50;w=60',
    );
  });

  it('describes the last of several calls of one group', () => {
    const { call } = setUp();
    const decisions = [call('update'), call('update'), call('update')];
    expect(rateLimitHeaders(decisions)?.RateLimit).toBe('"burst";r=7;t=1');
  });

  it('leaves out a length that is no whole number of seconds', () => {
    const { call } = setUp();
    const { windows } = parseLimit({ group: 'update', limits: [{ window: '1500ms', max: 3 }] });
    expect(rateLimitHeaders([call('other', windows)])).toEqual({
      'RateLimit-Policy': '"1500ms";q=3',
      RateLimit: '"1500ms";r=2;t=2',
    });
  });

  it('is silent where nothing was limited', () => {
    expect(rateLimitHeaders([])).toBeUndefined();
  });
});
