import type { Case } from './cases.ts';
import type { MeasuredProcess } from './measured-process.ts';
import { quantile } from './statistics.ts';
import type { Testbed } from './testbed.ts';

/** What one side did in one slice of time. */
export interface Slice {
  readonly requests: number;
  /** Microseconds of CPU a request, all threads of the measured process. */
  readonly userUs: number;
  readonly systemUs: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly rssMb: number;
  /** CPU time by wall time: near 1 the measured process was the narrowest place. */
  readonly busy: number;
}

/** Requests at once: large bodies would only fill memory. */
export function connectionsFor({ kilobytes }: Case, connections: number): number {
  return kilobytes >= 200 ? Math.min(8, connections) : connections;
}

export interface SliceOptions {
  readonly milliseconds: number;
  /** @default Infinity */
  readonly maxRequests?: number;
}

/** Measures one side for a slice of time, after as many requests as open its connections. */
export async function measureSlice(
  testbed: Testbed,
  measured: MeasuredProcess,
  asked: Case,
  { milliseconds, maxRequests = Infinity }: SliceOptions,
): Promise<Slice> {
  const { side } = measured;
  const connections = connectionsFor(asked, testbed.options.connections);
  const allowance = testbed.allowanceOf(side);
  const leadIn = 2 * connections;
  // As many as the quickest side could have answered.
  const wanted = Math.min(maxRequests, 10 * milliseconds) + leadIn;
  const admitted = await allowance.available(asked.operation, wanted);
  const load = testbed.load(measured, asked, connections);
  try {
    await load.run({ atMs: Infinity, afterRequests: Math.min(leadIn, admitted) });
    const before = await measured.ask({ ask: 'usage' });
    const startMs = performance.now();
    const latencies = await load.run({
      atMs: startMs + milliseconds,
      afterRequests: Math.max(connections, Math.min(maxRequests, admitted - leadIn)),
    });
    const wallMs = performance.now() - startMs;
    const after = await measured.ask({ ask: 'usage' });
    allowance.spent(asked.operation, leadIn + latencies.length);
    const requests = latencies.length;
    const userUs = after.userUs - before.userUs;
    const systemUs = after.systemUs - before.systemUs;
    return {
      requests,
      userUs: userUs / requests,
      systemUs: systemUs / requests,
      requestsPerSecond: (requests * 1_000) / wallMs,
      p50Ms: quantile(latencies, 0.5),
      p99Ms: quantile(latencies, 0.99),
      rssMb: after.rssBytes / 1e6,
      busy: (userUs + systemUs) / 1_000 / wallMs,
    };
  } finally {
    await load.close();
  }
}

/** Asks once for every user, so that the gateway has verified their tokens and code is compiled. */
export async function warmUp(
  testbed: Testbed,
  measured: MeasuredProcess,
  asked: Case,
): Promise<void> {
  await testbed.untilAnswered(measured, asked);
  const { users, connections } = testbed.options;
  const allowance = testbed.allowanceOf(measured.side);
  await allowance.available(asked.operation, users);
  const load = testbed.load(measured, asked, connections);
  try {
    await load.run({ atMs: Infinity, afterRequests: users });
  } finally {
    await load.close();
  }
  allowance.spent(asked.operation, users);
}
