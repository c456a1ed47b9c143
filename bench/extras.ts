import { setTimeout as sleep } from 'node:timers/promises';

import { createCase, type Case } from './cases.ts';
import type { Side } from './sides.ts';
import { median } from './statistics.ts';
import type { Testbed } from './testbed.ts';

/** What is measured of a side by itself, away from the comparison. */
export interface Extras {
  readonly side: Side;
  /** Promises a request makes. */
  readonly promises: { readonly query: number; readonly update: number };
  /** From the start of the process to its first right answer, in milliseconds. */
  readonly startMs: number;
}

const starts = 3;
const counted = 200;

export async function measureExtras(testbed: Testbed): Promise<Extras[]> {
  const { sizes, nonAscii } = testbed.options;
  const query = createCase('query', sizes[0] ?? 0.6, nonAscii);
  const update = createCase('update', sizes[0] ?? 0.6, nonAscii);
  const extras: Extras[] = [];
  for (const side of testbed.sides) {
    const startMs = await startUpMs(testbed, side, query);
    const [ofQuery = NaN, ofUpdate = NaN] = await countPromises(testbed, side, [query, update]);
    extras.push({ side, startMs, promises: { query: ofQuery, update: ofUpdate } });
    console.error(`${side.name}: promises and start`);
  }
  return extras;
}

/** The program as it is, without the probe. */
async function startUpMs(testbed: Testbed, side: Side, query: Case): Promise<number> {
  const milliseconds: number[] = [];
  for (let start = 0; start < starts; start += 1) {
    const startedAt = performance.now();
    const measured = await testbed.startSide(side, { probe: false });
    await testbed.untilAnswered(measured, query);
    milliseconds.push(performance.now() - startedAt);
    await measured.stop();
  }
  return median(milliseconds);
}

/** Counted by V8 in a process of its own, one request after the other. */
async function countPromises(
  testbed: Testbed,
  side: Side,
  cases: readonly Case[],
): Promise<number[]> {
  const measured = await testbed.startSide(side, { countPromises: true });
  // The gateway loads Yoga half a second after its start.
  await sleep(2_000);
  const counts: number[] = [];
  for (const asked of cases) {
    await testbed.untilAnswered(measured, asked);
    const allowance = testbed.allowanceOf(side);
    await allowance.available(asked.operation, 2 * counted);
    const load = testbed.load(measured, asked, 1);
    try {
      const run = () => load.run({ atMs: Infinity, afterRequests: counted });
      // The users of the first are new to the process, and their tokens have to be verified.
      await run();
      const users = testbed.usersOf(side);
      users.next -= counted;
      const before = await measured.ask({ ask: 'usage' });
      await run();
      const after = await measured.ask({ ask: 'usage' });
      counts.push((after.promises - before.promises) / counted);
    } finally {
      await load.close();
    }
    allowance.spent(asked.operation, 2 * counted);
  }
  await measured.stop();
  return counts;
}
