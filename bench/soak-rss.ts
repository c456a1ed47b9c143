import { createCase } from './cases.ts';
import { measureSlice, warmUp } from './slices.ts';
import { median } from './statistics.ts';
import type { Testbed } from './testbed.ts';

/** How much the last third of the samples may be above the middle third, as a part of it. */
const tolerance = 0.05;

/**
 * Puts each side under load for minutes, queries and updates in turn, and samples its resident memory.
 * Returns whether that of all stayed flat.
 */
export async function soakRss(testbed: Testbed): Promise<boolean> {
  const { sizes, nonAscii, soakMinutes } = testbed.options;
  const [size = 0.6] = sizes;
  const cases = [
    createCase('query', size, nonAscii),
    createCase('update', size, nonAscii),
  ] as const;
  let areFlat = true;
  for (const side of testbed.sides) {
    const measured = await testbed.startSide(side);
    await warmUp(testbed, measured, cases[0]);
    const startMs = performance.now();
    const samples: number[] = [];
    let requests = 0;
    let minute = 0;
    while (performance.now() < startMs + soakMinutes * 60_000) {
      for (const asked of cases) {
        const slice = await measureSlice(testbed, measured, asked, { milliseconds: 1_000 });
        samples.push(slice.rssMb);
        requests += slice.requests;
      }
      const minutes = Math.floor((performance.now() - startMs) / 60_000);
      if (minutes > minute) {
        minute = minutes;
        const last = samples.at(-1) ?? NaN;
        console.log(`${side.name}: minute ${minute}, ${requests} requests, ${last.toFixed(0)} MB`);
      }
    }
    await measured.stop();

    const third = Math.floor(samples.length / 3);
    const middle = median(samples.slice(third, 2 * third));
    const last = median(samples.slice(2 * third));
    const isFlat = last <= middle * (1 + tolerance);
    areFlat &&= isFlat;
    console.log(
      `${side.name}: ${isFlat ? 'flat' : 'RISES'}: at most ${Math.max(...samples).toFixed(0)} MB; ` +
        `median of the middle third ${middle.toFixed(1)} MB, of the last ${last.toFixed(1)} MB ` +
        `(${requests} requests of ${testbed.options.users} users and contexts)`,
    );
  }
  return areFlat;
}
