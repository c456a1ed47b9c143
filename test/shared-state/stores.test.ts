import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseLimit } from '../../src/rate-limit/limit.ts';
import type { RateLimitStore } from '../../src/rate-limit/store.ts';
import { createClock } from '../support/clock.ts';
import type { OpenStore } from './backends.ts';
import { backends } from './backends.ts';

const { windows } = parseLimit({
  group: 'update',
  limits: [
    { window: '60s', max: 50 },
    { window: '1s', max: 10 },
  ],
});
const [minute, burst] = windows;

describe.each(backends)('$name', (backend) => {
  const clock = createClock();
  let open: OpenStore;
  let store: RateLimitStore;
  let user: string;
  let users = 0;

  beforeAll(async () => {
    open = await backend.open(clock.now);
    store = open.store;
  });
  beforeEach(() => {
    user = `user-${users++}`;
  });
  afterAll(() => open.close());

  const call = async (group = 'update', who = user) => store.consume({ user: who, group }, windows);

  async function admittedOf(calls: number): Promise<number> {
    const decisions = await Promise.all(Array.from({ length: calls }, () => call()));
    return decisions.filter((decision) => decision.admitted).length;
  }

  it('admits exactly ten of a hundred at once', async () => {
    expect(await admittedOf(100)).toBe(10);
  });

  it('keeps to the longer window over many bursts', async () => {
    const admitted: number[] = [];
    for (let second = 0; second < 61; second += 1) {
      admitted.push(await admittedOf(12));
      clock.advance(1000);
    }
    expect(admitted.slice(0, 6)).toEqual([10, 10, 10, 10, 10, 0]);
    expect(admitted.slice(6, 60).every((count) => count === 0)).toBe(true);
    expect(admitted[60]).toBe(10);
  });

  it('allows no double burst across the edge of a window', async () => {
    clock.advance(900);
    expect(await admittedOf(10)).toBe(10);
    clock.advance(999);
    expect(await admittedOf(10)).toBe(0);
    clock.advance(1);
    expect(await admittedOf(11)).toBe(10);
  });

  it('charges a refused call to no window', async () => {
    for (let burstIndex = 0; burstIndex < 4; burstIndex += 1) {
      await admittedOf(10);
      await admittedOf(30);
      clock.advance(1000);
    }
    const decision = await call();
    expect(decision.admitted).toBe(true);
    expect(decision.windows.map(({ remaining }) => remaining)).toEqual([9, 9]);
  });

  it('tells the longest wait when several windows refuse', async () => {
    for (let burstIndex = 0; burstIndex < 5; burstIndex += 1) {
      await admittedOf(10);
      if (burstIndex < 4) clock.advance(1000);
    }
    expect(await call()).toMatchObject({
      admitted: false,
      retryAfterMs: 56_000,
      refusedBy: minute,
      windows: [
        { window: minute, remaining: 0, resetMs: 56_000 },
        { window: burst, remaining: 0, resetMs: 1000 },
      ],
    });
  });

  it('admits the call that waits exactly as long as it was told, and none before', async () => {
    for (const pause of [0, 3, 0, 250, 1, 0, 99, 0, 0, 7]) {
      clock.advance(pause);
      await call();
    }
    const { retryAfterMs } = await call();
    clock.advance(retryAfterMs - 1);
    expect(await call()).toMatchObject({ admitted: false, retryAfterMs: 1 });
    clock.advance(1);
    expect(await call()).toMatchObject({ admitted: true, retryAfterMs: 0, refusedBy: null });
  });

  it('tells what remains and when the next call is given back', async () => {
    await call();
    clock.advance(400);
    const { windows: states } = await call();
    expect(states).toEqual([
      { window: minute, remaining: 48, resetMs: 59_600 },
      { window: burst, remaining: 8, resetMs: 600 },
    ]);
  });

  it('looks without charging, and refuses no look', async () => {
    const look = async () => open.store.consume({ user, group: 'update' }, windows, 0);
    expect(await look()).toMatchObject({
      admitted: true,
      windows: [
        { window: minute, remaining: 50, resetMs: 60_000 },
        { window: burst, remaining: 10, resetMs: 1000 },
      ],
    });
    expect(await admittedOf(9)).toBe(9);
    for (let index = 0; index < 100; index += 1) await look();
    clock.advance(250);
    expect((await look()).windows[1]).toEqual({ window: burst, remaining: 1, resetMs: 750 });
    expect(await admittedOf(9)).toBe(1);
    expect(await look()).toMatchObject({ admitted: true, refusedBy: null, retryAfterMs: 0 });
    expect((await look()).windows[1]).toMatchObject({ remaining: 0 });
  });

  it('counts each group by itself', async () => {
    await admittedOf(10);
    expect(await call('read')).toMatchObject({ admitted: true });
    expect(await call('update')).toMatchObject({ admitted: false });
  });

  it.each([
    ['a}{b', 'a}{b:update'],
    ['a:update', 'a'],
    ['', ' '],
    ['\ud800', '\ud801'],
    ['\ud800', '\ufffd'],
    ['x'.repeat(5000), `${'x'.repeat(4999)}y`],
    ['__proto__', 'constructor'],
  ])('keeps users %j and %j apart', async (one, other) => {
    const group = `apart-${users++}`;
    for (let index = 0; index < 11; index += 1) await call(group, one);
    expect(await call(group, one)).toMatchObject({ admitted: false });
    expect((await call(group, other)).windows[0]?.remaining).toBe(49);
  });
});
