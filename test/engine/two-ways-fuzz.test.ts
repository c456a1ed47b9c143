import fc from 'fast-check';
import { expect, it } from 'vitest';

import { decideLater } from './listening-side.ts';
import { TwoSides } from './two-sides.ts';

const seed = 20_250_101;
/** Three requests each. */
const numRuns = 1_000;

it.each([
  ['at once', undefined],
  ['in promises', decideLater],
])(
  'whatever is asked, both ways are one: with limits decided %s',
  { timeout: 120_000 },
  async (_name, limits) => {
    const sides = new TwoSides({ limits });
    await fc.assert(
      fc.asyncProperty(fc.gen(), (generator) => sides.compare(generator)),
      // After a difference the two sides are no longer in one state: nothing smaller is found.
      { seed, numRuns, endOnFailure: true },
    );
    expect(sides.sent).toBe(3 * numRuns);
    expect(sides.plannedShare).toBeGreaterThan(0.5);
  },
);
