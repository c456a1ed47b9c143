/** Loaded ahead of a gateway, it lets whoever started the process look inside. */
import { setImmediate as nextTurn } from 'node:timers/promises';

import { startStallMeter, type Stall } from '../test/support/stall-meter.ts';

export interface SelfReport {
  /** Of the heap and what it holds outside of itself, after a garbage collection. */
  readonly heldBytes: number;
  readonly residentBytes: number;
  /** When others had the machine. The gateway's own work is no excuse. */
  readonly stalls: readonly Stall[];
}

const meter = startStallMeter({ starvedOnly: true });

async function report(): Promise<SelfReport> {
  // What a finaliser lets go of takes a second collection.
  for (let i = 0; i < 3; i += 1) {
    globalThis.gc?.();
    await nextTurn();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heldBytes: heapUsed + external, residentBytes: rss, stalls: meter.stalls() };
}

process.on('message', () => {
  void report().then((answer) => process.send?.(answer));
});
process.channel?.unref();
