/**
 * What a call costs and a user takes, for the memory store and for graphql-rate-limit's own.
 *
 *     npx tsx bench/rate-limit-store.ts
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { getGraphQLRateLimiter } from 'graphql-rate-limit';
import { parseRateLimitRules } from '../src/rate-limit/limit.ts';
import { createRateLimiter } from '../src/rate-limit/limiter.ts';
import { createMemoryStore } from '../src/rate-limit/memory-store.ts';

const windows = parseRateLimitRules([
  { window: '60s', max: 50 },
  { window: '1s', max: 10 },
]);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Spreads calls over all users without a pattern that a cache would like. */
const userOf = (call: number, users: number) => `user_${(call * 7919) % users}`;

async function measure(
  name: string,
  { calls, users }: { calls: number; users: number },
  createCall: () => (user: string) => unknown,
): Promise<void> {
  const heapBefore = heapBytes();
  const call = createCall();
  for (let user = 0; user < users && user < calls; user += 1) await call(userOf(user, users));
  const before = process.cpuUsage();
  for (let index = 0; index < calls; index += 1) await call(userOf(index, users));
  const { user, system } = process.cpuUsage(before);
  const bytes = heapBytes() - heapBefore;
  const row = [
    name.padEnd(34),
    `${users} users`.padStart(13),
    `${calls} calls`.padStart(14),
    `${((user + system) / calls).toFixed(2)} µs/call`.padStart(17),
    `${(bytes / 2 ** 20).toFixed(1)} MiB`.padStart(10),
    `${Math.round(bytes / users)} B/user`.padStart(11),
  ];
  console.log(row.join(' '));
  // Still in use when the heap was read.
  await call('last');
}

function ours() {
  const store = createMemoryStore();
  return (user: string) => store.consume({ user, group: 'update' }, windows);
}

function oursBehindTheLimiter() {
  const limiter = createRateLimiter({ store: createMemoryStore() });
  return (user: string) => limiter.consume(user, 'update', windows);
}

/** With the store it comes with, and one window: two would overwrite each other's log. */
function thePackagesOwn() {
  const limit = getGraphQLRateLimiter({ identifyContext: (user: string) => user });
  type Call = Parameters<typeof limit>[0];
  const info = { fieldName: 'update' } as Call['info'];
  return (user: string) =>
    limit({ parent: undefined, args: {}, context: user, info }, { window: '60s', max: 50 });
}

const million = 1_000_000;
for (const users of [1_000, 10_000, 100_000]) {
  await measure('memory store', { calls: million, users }, ours);
}
await measure(
  'memory store behind the limiter',
  { calls: million, users: 100_000 },
  oursBehindTheLimiter,
);
for (const users of [100, 1_000]) {
  await measure("graphql-rate-limit's own", { calls: 1_000, users }, thePackagesOwn);
}
console.log(`Stated bound of the memory store: 600 + 12 × max = ${600 + 12 * 50} B/user.`);
