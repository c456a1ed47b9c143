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
 * Every other round goes backwards. Two processes of one program can differ by a tenth all their lives,
 * so that each side is started several times, and the rounds are shared among its processes.
 */
export async function compare(testbed: Testbed, cases: readonly Case[]): Promise<Comparison[]> {
  const { rounds, processes } = testbed.options;
  const comparisons = cases.map((asked) => ({
    asked,
    sides: testbed.sides.map((side) => ({ side, slices: [] as Slice[] })),
  }));
  for (let from = 0, left = Math.min(processes, rounds); left > 0; left -= 1) {
    const to = from + Math.ceil((rounds - from) / left);
    await compareProcesses(testbed, comparisons, { from, to });
    from = to;
  }
  return comparisons;
}

/**
 * Measures one process of each side in the rounds that are given to them. The sizes come one after the
 * other: large bodies leave memory behind.
 */
async function compareProcesses(
  testbed: Testbed,
  comparisons: readonly Comparison[],
  { from, to }: { readonly from: number; readonly to: number },
): Promise<void> {
  const { rounds, sliceMs, warmUpMs } = testbed.options;
  const running: MeasuredProcess[] = [];
  for (const side of testbed.sides) {
    const measured = await testbed.startSide(side);
    running.push(measured);
    const [first] = comparisons;
    if (first !== undefined) await warmUp(testbed, measured, first.asked);
  }

  const sizes = [...new Set(comparisons.map(({ asked }) => asked.kilobytes))];
  for (const kilobytes of sizes) {
    // Later sizes run mostly the same code.
    const firstMs = kilobytes === sizes[0] ? warmUpMs : sliceMs;
    const ofSize = comparisons.filter(({ asked }) => asked.kilobytes === kilobytes);
    // The first round is not counted.
    for (let round = from; round <= to; round += 1) {
      for (const { asked, sides } of ofSize) {
        const turn = running.map((measured, index) => ({ measured, slices: sides[index]?.slices }));
        for (const { measured, slices } of round % 2 === 0 ? turn : turn.toReversed()) {
          const isWarm = round > from;
          const milliseconds = isWarm ? sliceMs : firstMs;
          const slice = await measureSlice(testbed, measured, asked, { milliseconds });
          if (isWarm) slices?.push(slice);
        }
      }
      const progress = round === from ? 'warm' : `round ${round} of ${rounds}`;
      console.error(`${kilobytes} kB: ${progress}`);
    }
  }
  for (const measured of running) await measured.stop();
}
