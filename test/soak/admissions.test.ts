import { describe, expect, it } from 'vitest';

import { mostWithin, needlessRefusals } from '../../soak/admissions.ts';

const window = { name: 'burst', windowMs: 1000, max: 2 };

const admittedAt = (...moments: readonly number[]) =>
  moments.map((moment) => ({ sentMs: moment - 5, arrivedMs: moment + 5 }));

describe('mostWithin', () => {
  it.each([
    ['none', [], 0],
    ['those of one window', [0, 400, 800], 3],
    ['no pair a window apart', [0, 1000, 2000], 1],
    ['the fullest window, wherever it lies', [0, 1500, 1600, 1700, 5000], 3],
    ['only what is surely within, not what may be', [0, 993], 1],
    ['what just is', [0, 988], 2],
  ])('counts %s', (_, moments, count) => {
    expect(mostWithin(admittedAt(...moments), window)).toBe(count);
  });
});

describe('needlessRefusals', () => {
  const refusedAt = (moment: number) => ({ sentMs: moment - 5, answeredMs: moment + 5 });

  it.each([
    ['finds none where the window was full', 500, [0, 100], 0],
    ['finds one where there was room', 500, [0], 1],
    ['finds one where a call had left', 1100, [0, 500], 1],
    ['finds none where it may not have left', 1008, [0, 500], 0],
    ['finds none where a call may have come before', 100, [0, 108], 0],
    ['finds one where the call came after', 100, [0, 120], 1],
  ])('%s', (_, refused, admitted, count) => {
    const found = needlessRefusals([refusedAt(refused)], admittedAt(...admitted), [window]);
    expect(found).toHaveLength(count);
  });

  it('asks that no window at all was full', () => {
    const minute = { name: 'minute', windowMs: 60_000, max: 3 };
    const admissions = admittedAt(0, 2000, 4000);
    expect(needlessRefusals([refusedAt(30_000)], admissions, [window, minute])).toEqual([]);
    expect(needlessRefusals([refusedAt(30_000)], admissions, [window])).toHaveLength(1);
  });
});
