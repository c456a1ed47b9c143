import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

import { faultKinds, faults as everyFault, type Fault } from '../test/faults/fault-catalogue.ts';
import {
  isOwn,
  planCalls,
  runClients,
  violationOf,
  type AnsweredCall,
} from '../test/faults/fault-clients.ts';
import { askGraphQL } from '../test/support/ask.ts';
import { startIssuer, type Issuer } from '../test/support/issuer.ts';
import { runOne, type GatewayFront } from '../test/support/operations.ts';
import { startStallMeter, wallMs } from '../test/support/stall-meter.ts';
import { startUpstream, type Upstream } from '../test/support/upstream.ts';
import { startGatewayProcess, type GatewayProcess } from './gateway-process.ts';
import type { SelfReport } from './self-report.ts';
import type { SoakPart, SoakReport } from './part.ts';

const clients = 50;
const deadlineMs = 750;
/** Of the faults all mixed, after each had its turn alone. */
const mixedMs = 60_000;
/** Once in so many mixed rounds the API goes down altogether for a while. */
const roundsBetweenOutages = 4;
const outageMs = 1_500;
/** So few that what is remembered of them is complete before the heap is measured. */
const users = 2_000;
const permission = 'soak:manage';
/** Memory that a process may hold more of after the run than before, in bytes. */
const maxGrowthBytes = 10 * 1024 * 1024;

interface Outage {
  readonly fromMs: number;
  readonly toMs: number;
}

export const faults: SoakPart = {
  name: 'faults',
  description: `${clients} clients of an API that misbehaves in ${everyFault.length} ways, one at a time and all mixed`,
  async run() {
    const [issuer, upstream] = await Promise.all([startIssuer(), startUpstream()]);
    const gateway = await startGatewayProcess({
      UPSTREAM_URL: upstream.url,
      UPSTREAM_API_KEY: 'soak',
      UPSTREAM_TIMEOUT_MS: String(deadlineMs),
      JWT_ISSUER: issuer.url,
      ADMIN_PERMISSION: permission,
    });
    try {
      return await torment(gateway, issuer, upstream);
    } finally {
      await gateway.stop();
      await Promise.all([issuer.close(), upstream.close()]);
    }
  },
};

async function torment(
  gateway: GatewayProcess,
  issuer: Issuer,
  upstream: Upstream,
): Promise<SoakReport> {
  const front = await createFront(new URL(gateway.url).origin, issuer);
  const calls: AnsweredCall[] = [];
  const outages: Outage[] = [];
  let rounds = 0;

  async function round(kinds: readonly Fault[], callsEach: number): Promise<void> {
    rounds += 1;
    const plan = planCalls(kinds, { clients, callsEach, seed: rounds });
    calls.push(...(await runClients(front, upstream, plan, `round-${rounds}`)));
  }

  const meter = startStallMeter();
  await round(faultKinds, users / clients);
  await recover(front, upstream);
  const before = await gateway.report();

  for (const fault of faultKinds) {
    await round([fault], 2);
    await recover(front, upstream);
  }
  const untilMs = performance.now() + mixedMs;
  while (performance.now() < untilMs && gateway.running) {
    const rounding = round(everyFault, 10);
    if (rounds % roundsBetweenOutages === 0) outages.push(await goDown(upstream));
    await rounding;
  }
  await recover(front, upstream);
  const idle = await isIdle(new URL('/metrics', gateway.url));
  const after = await gateway.report();
  meter.stop();

  const promises = { deadlineMs, stalls: [...meter.stalls(), ...after.stalls], outages };
  const broken = calls.map((call) => violationOf(call, promises));
  const growthBytes = after.heldBytes - before.heldBytes;
  return {
    summary: [
      `${calls.length} calls, ${calls.filter(isOwn).length} answered with what their fault means, ${outages.length} outages`,
      `the slowest took ${Math.round(Math.max(...calls.map(tookMs)))} ms, with a deadline of ${deadlineMs} ms`,
      describeMemory(before, after),
    ],
    violations: [
      ...broken.filter((violation) => violation !== null),
      ...unexplained(gateway.complaints).map((line) => `the gateway complained: ${line}`),
      ...(gateway.running ? [] : ['the gateway ended']),
      ...(idle ? [] : ['calls are still counted as under way when all are answered']),
      ...(growthBytes <= maxGrowthBytes ? [] : [`${describeMemory(before, after)}: it leaks`]),
    ],
  };
}

/** Where the clients ask, each call as one of many administrators, so that no limit is near. */
async function createFront(url: string, issuer: Issuer): Promise<GatewayFront> {
  const tokens = await Promise.all(
    Array.from({ length: users }, (_, i) =>
      issuer.token({ sub: `administrator-${i}`, organization_permissions: [permission] }),
    ),
  );
  let next = 0;
  return {
    async freshToken() {
      next += 1;
      return tokens[next % users] ?? '';
    },
    ask: (query, variables, options) => askGraphQL(url, query, variables, options),
  };
}

async function goDown(upstream: Upstream): Promise<Outage> {
  const fromMs = wallMs();
  await sleep(200);
  await upstream.stop();
  await sleep(outageMs);
  await upstream.start();
  return { fromMs, toMs: wallMs() };
}

/** @throws Error where an API that has come back is not asked again within five seconds. */
async function recover(front: GatewayFront, upstream: Upstream): Promise<void> {
  upstream.clear();
  upstream.seed({ id: 'ctx_1' });
  const untilMs = performance.now() + 5_000;
  while ((await runOne(front, 'fetch')).id !== 'ctx_1') {
    if (performance.now() > untilMs) throw new Error('The gateway does not recover.');
    await sleep(100);
  }
}

async function isIdle(metrics: URL): Promise<boolean> {
  const text = await (await fetch(metrics)).text();
  return ['gateway_requests_in_flight 0', 'gateway_upstream_calls_in_flight 0'].every((line) =>
    text.split('\n').includes(line),
  );
}

/** What is logged besides what the API does. */
function unexplained(complaints: readonly string[]): string[] {
  return complaints.filter((line) => !line.includes('"msg":"upstream circuit"'));
}

function tookMs({ askedMs, answeredMs }: AnsweredCall): number {
  return answeredMs - askedMs;
}

function describeMemory(before: SelfReport, after: SelfReport): string {
  const megabytes = (bytes: number) => (bytes / 1024 / 1024).toFixed(1);
  return (
    `the gateway held ${megabytes(before.heldBytes)} MB before and ${megabytes(after.heldBytes)} MB after, ` +
    `${megabytes(after.residentBytes)} MB resident`
  );
}
