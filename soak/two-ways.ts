import fc from 'fast-check';

import { decideLater } from '../test/engine/listening-side.ts';
import { TwoSides } from '../test/engine/two-sides.ts';
import type { SoakPart } from './part.ts';

const requests = 200_000;
/** Documents, each of which is sent three times. */
const documents = Math.ceil(requests / 3);
const lanes = [
  { seed: 1, limits: undefined },
  { seed: 2, limits: decideLater },
];

export const twoWays: SoakPart = {
  name: 'two-ways',
  description: `${requests} operations that are answered by plans and by Yoga, byte for byte alike`,
  async run() {
    const summary: string[] = [];
    const violations: string[] = [];
    for (const { seed, limits } of lanes) {
      const sides = new TwoSides({ limits });
      const details = await fc.check(
        fc.asyncProperty(fc.gen(), (generator) => sides.compare(generator)),
        {
          seed,
          numRuns: Math.ceil(documents / lanes.length),
          // After a difference the two sides are no longer in one state: nothing smaller is found.
          endOnFailure: true,
          includeErrorInReport: true,
        },
      );
      const difference = fc.defaultReportMessage(details);
      if (difference !== undefined) violations.push(difference);
      const share = (100 * sides.plannedShare).toFixed(1);
      summary.push(`${sides.sent} compared with seed ${seed}, ${share} % of them planned`);
      if (sides.plannedShare < 0.5) violations.push('fewer than half of them took a plan');
    }
    return { summary, violations };
  },
};
