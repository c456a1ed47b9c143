import { setTimeout as sleep } from 'node:timers/promises';

import { askGraphQL } from '../test/support/ask.ts';
import { startIssuer, type Issuer } from '../test/support/issuer.ts';
import { startRedis } from '../test/support/redis.ts';
import { startUpstream } from '../test/support/upstream.ts';
import { watchSteps, type Watching } from './event-reader.ts';
import { startGatewayProcess, type GatewayProcess } from './gateway-process.ts';
import type { SoakPart } from './part.ts';

const permission = 'execution_contexts:manage';

const watchers = 500;
const durationMs = 120_000;
const changesASecond = 10;
const maxP99Ms = 250;
/** What the gateway may hold more at the end than after a quarter of the time. */
const maxGrowthBytes = 5_000_000;

export const live: SoakPart = {
  name: 'live',
  description: `${watchers} watch one context through two replicas for ${durationMs / 1000} s, while it changes ${changesASecond} times a second`,
  async run() {
    const bed = await startBed(2, [{ id: 'ctx_1', user_id: 'alice', context: { step: 0 } }]);
    const { issuer, replicas } = bed;
    try {
      const sentMs: number[] = [0];
      const latenciesMs: number[] = [];
      const tokens = await administrators(issuer, 60);
      const watching = await openAll(watchers, (i) =>
        watchSteps(replicaFor(replicas, i).url, 'ctx_1', tokenFor(tokens, i), (step) => {
          if (step > 0) latenciesMs.push(performance.now() - (sentMs[step] ?? NaN));
        }),
      );
      const changes = (durationMs / 1000) * changesASecond;
      const startMs = performance.now();
      let early: number[] = [];
      let failed = 0;
      for (let step = 1; step <= changes; step += 1) {
        await sleep(Math.max(0, startMs + (step * 1000) / changesASecond - performance.now()));
        sentMs[step] = performance.now();
        const document = `mutation ($context: JSON) {
          updateExecutionContext(id: "ctx_1", input: { context: $context }) { __typename }
        }`;
        const { url } = replicaFor(replicas, step);
        const token = tokenFor(tokens, step);
        const answer = await askGraphQL(url, document, { context: { step } }, { token });
        const { data } = answer.body as {
          data?: { updateExecutionContext: { __typename: string } };
        };
        if (data?.updateExecutionContext.__typename !== 'AiExecutionContext') failed += 1;
        if (step === changes / 4) early = await heldBytes(replicas);
      }
      await sleep(3_000);
      const late = await heldBytes(replicas);
      latenciesMs.sort((one, other) => one - other);
      const p99Ms = latenciesMs[Math.floor(latenciesMs.length * 0.99)] ?? NaN;
      const growth = late.map((bytes, i) => bytes - (early[i] ?? 0));
      const behind = watching.filter(({ lastStep }) => lastStep !== changes).length;
      const disordered = watching.filter(({ isOrdered }) => !isOrdered).length;
      for (const reader of watching) reader.leave();
      return {
        summary: [
          `${changes} changes, ${latenciesMs.length} events: p50 ${format(latenciesMs[Math.floor(latenciesMs.length / 2)])} ms, p99 ${format(p99Ms)} ms after a change was sent`,
          `held after a quarter of the time and at the end: ${late.map((bytes, i) => `${megabytes(early[i] ?? 0)} and ${megabytes(bytes)} MB`).join('; ')}`,
        ],
        violations: [
          ...(failed > 0 ? [`${failed} changes failed`] : []),
          ...(behind > 0 ? [`${behind} of ${watchers} have not seen the last state`] : []),
          ...(disordered > 0
            ? [`${disordered} of ${watchers} saw an older state after a newer one`]
            : []),
          ...(p99Ms < maxP99Ms
            ? []
            : [`p99 is ${format(p99Ms)} ms, where ${maxP99Ms} are allowed`]),
          ...growth
            .filter((bytes) => bytes > maxGrowthBytes)
            .map((bytes) => `a replica held ${megabytes(bytes)} MB more in the end`),
        ],
      };
    } finally {
      await bed.close();
    }
  },
};

const idle = 5_000;
const contexts = 100;
const maxBytesEach = 20_000;

export const idleStreams: SoakPart = {
  name: 'idle-streams',
  description: `${idle} streams on ${contexts} contexts of one replica that do nothing`,
  async run() {
    const seeds = Array.from({ length: contexts }, (_, i) => ({
      ...{ id: `ctx_${i}`, user_id: 'alice', context: { step: 0 } },
    }));
    const bed = await startBed(1, seeds);
    const { issuer, replicas } = bed;
    try {
      const [replica] = replicas;
      if (replica === undefined) throw new Error('There is no replica.');
      const tokens = await administrators(issuer, 60);
      const open = (i: number) =>
        watchSteps(replica.url, `ctx_${i % contexts}`, tokenFor(tokens, i), () => undefined);
      // What there is one of, and what is made with the first few, is not a stream's.
      const first = await openAll(200, open);
      const before = await replica.report();
      const watching = await openAll(idle - first.length, open);
      await sleep(5_000);
      const after = await replica.report();
      const each = (after.heldBytes - before.heldBytes) / watching.length;
      const residentEach = (after.residentBytes - before.residentBytes) / watching.length;
      for (const reader of [...first, ...watching]) reader.leave();
      await sleep(2_000);
      const left = await replica.report();
      return {
        summary: [
          `${Math.round(each)} bytes held a stream, ${Math.round(residentEach)} resident`,
          `after all have left: ${megabytes(left.heldBytes - before.heldBytes)} MB more than with ${first.length} of them`,
        ],
        violations: [
          ...(each <= maxBytesEach ? [] : [`a stream takes ${Math.round(each)} bytes`]),
          ...(left.heldBytes - before.heldBytes < maxGrowthBytes
            ? []
            : ['streams leave something behind']),
        ],
      };
    } finally {
      await bed.close();
    }
  },
};

interface Bed {
  readonly issuer: Issuer;
  readonly replicas: readonly Pick<GatewayProcess, 'url' | 'report'>[];
  close(): Promise<void>;
}

async function startBed(
  count: number,
  seeds: NonNullable<Parameters<typeof startUpstream>[0]>['contexts'] & object,
): Promise<Bed> {
  const [redis, issuer, upstream] = await Promise.all([
    startRedis(),
    startIssuer(),
    startUpstream({ contexts: seeds }),
  ]);
  const replicas = await Promise.all(
    Array.from({ length: count }, () =>
      startGatewayProcess({
        UPSTREAM_URL: upstream.url,
        UPSTREAM_API_KEY: 'soak',
        ADMIN_PERMISSION: permission,
        JWT_ISSUER: issuer.url,
        REDIS_URL: redis.url,
      }),
    ),
  );
  return {
    issuer,
    replicas: replicas.map((replica) => ({ ...replica, url: new URL(replica.url).origin })),
    async close() {
      await Promise.all(replicas.map((replica) => replica.stop()));
      await Promise.all([redis.close(), issuer.close(), upstream.close()]);
    },
  };
}

/** So many that no limit of a user is near. */
function administrators(issuer: Issuer, count: number): Promise<string[]> {
  return Promise.all(
    Array.from({ length: count }, (_, i) =>
      issuer.token({
        sub: `administrator-${i}`,
        exp: Math.floor(Date.now() / 1000) + 3_600,
        organization_permissions: [permission],
      }),
    ),
  );
}

/** Opens a few at a time: one user may open 20 a second. */
async function openAll(count: number, open: (i: number) => Promise<Watching>): Promise<Watching[]> {
  const all: Watching[] = [];
  while (all.length < count) {
    const next = Math.min(200, count - all.length);
    const from = all.length;
    const startMs = performance.now();
    all.push(...(await Promise.all(Array.from({ length: next }, (_, i) => open(from + i)))));
    await sleep(Math.max(0, 250 - (performance.now() - startMs)));
  }
  return all;
}

function replicaFor(replicas: Bed['replicas'], i: number): Bed['replicas'][number] {
  const replica = replicas[i % replicas.length];
  if (replica === undefined) throw new Error('There is no replica.');
  return replica;
}

function tokenFor(tokens: readonly string[], i: number): string {
  return tokens[i % tokens.length] ?? '';
}

async function heldBytes(replicas: Bed['replicas']): Promise<number[]> {
  return Promise.all(replicas.map(async (replica) => (await replica.report()).heldBytes));
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}

function format(ms: number | undefined): string {
  return (ms ?? NaN).toFixed(1);
}
