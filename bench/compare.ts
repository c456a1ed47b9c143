import { createCase, type Case } from './cases.ts';
import type { MeasuredProcess } from './measured-process.ts';
import type { Options } from './options.ts';
import type { Side } from './sides.ts';
import { measureSlice, warmUp, type Slice } from './slices.ts';
import type { Testbed } from './testbed.ts';

/** The slices of one side for one case, a slice a round: those of a round belong together. */
export interface SideSlices {
  readonly side: Side;
  readonly slices: Slice[];
}

export interface Comparison {
  readonly asked: Case;
  readonly sides: readonly SideSlices[];
}

/** What is asked: all operations with each size, but the list with the first size only. */
export function casesOf({ sizes, operations, nonAscii }: Options): Case[] {
  return sizes.flatMap((kilobytes, index) =>
    operations
      .filter((operation) => operation !== 'list' || index === 0)
      .map((operation) => createCase(operation, kilobytes, nonAscii)),
  );
}

/**
 * Measures all sides in turn, in short slices, so that what slows the machine for a while slows all.
 * Every other round goes backwards. The sizes come one after the other: large bodies leave memory behind.
 */
export async function compare(testbed: Testbed, cases: readonly Case[]): Promise<Comparison[]> {
  const { rounds, sliceMs } = testbed.options;
  const running: MeasuredProcess[] = [];
  for (const side of testbed.sides) {
    const measured = await testbed.startSide(side);
    running.push(measured);
    const [first] = cases;
    if (first !== undefined) await warmUp(testbed, measured, first);
  }

  const comparisons = cases.map((asked) => ({
    asked,
    sides: running.map(({ side }) => ({ side, slices: [] as Slice[] })),
  }));
  for (const kilobytes of new Set(cases.map((asked) => asked.kilobytes))) {
    const ofSize = comparisons.filter(({ asked }) => asked.kilobytes === kilobytes);
    // Round 0 compiles the code and is not counted.
    for (let round = 0; round <= rounds; round += 1) {
      for (const { asked, sides } of ofSize) {
        const turn = running.map((measured, index) => ({ measured, slices: sides[index]?.slices }));
        for (const { measured, slices } of round % 2 === 0 ? turn : turn.toReversed()) {
          const slice = await measureSlice(testbed, measured, asked, { milliseconds: sliceMs });
          if (round > 0) slices?.push(slice);
        }
      }
      console.error(`${kilobytes} kB: ${round === 0 ? 'warm' : `round ${round} of ${rounds}`}`);
    }
  }
  for (const measured of running) await measured.stop();
  return comparisons;
}
