import type { Redis } from 'ioredis';

import type { RedisClock } from './redis-clock.ts';
import { explain, isReplyError, UnusableRedisError } from './redis-failure.ts';
import type { RedisTarget } from './redis-url.ts';

/** A reading that took no longer than this is exact enough. */
const quickReadingMs = 5;
/** A starting process stalls; the quickest of a few readings is free of stalls. */
const mostReadings = 3;

/**
 * Prepares a connection before it is used: selects the database, checks that the server is not a
 * cluster, and reads its clock and the id of its run. One round trip, where the clock is read quickly.
 *
 * @returns The id of the run of the server, which changes with each restart; `unknown` where INFO is
 *   not permitted.
 * @throws {UnusableRedisError} (rejecting) Where the server is not as the configuration says. Where the
 *   connection is lost, it rejects with the error of the client.
 */
export async function meetServer(
  client: Redis,
  target: RedisTarget,
  clock: RedisClock,
): Promise<string> {
  const [run] = await Promise.all([
    readRun(client),
    selectDatabase(client, target),
    refuseCluster(client, target),
    readClockWell(client, clock),
  ]);
  return run;
}

async function readRun(client: Redis): Promise<string> {
  const [, run = 'unknown'] = /^run_id:(\w+)/m.exec(await infoOf(client, 'server')) ?? [];
  return run;
}

/** ioredis has selected it already, but goes on in database 0 where that failed. */
async function selectDatabase(client: Redis, target: RedisTarget): Promise<void> {
  if (target.database === 0) return;
  try {
    await client.select(target.database);
  } catch (error) {
    if (!isReplyError(error)) throw error;
    throw new UnusableRedisError(
      'SELECT',
      `Redis at ${addressOf(target)} does not let the gateway use database ` +
        `${target.database}, which REDIS_URL names.`,
      { cause: explain(error) },
    );
  }
}

/** Where INFO is not permitted, a cluster is not detected here: it answers some calls with MOVED. */
async function refuseCluster(client: Redis, target: RedisTarget): Promise<void> {
  if (!/^cluster_enabled:1\b/m.test(await infoOf(client, 'cluster'))) return;
  throw new UnusableRedisError(
    'CLUSTER',
    `Redis at ${addressOf(target)} is a Redis Cluster, which the gateway does not support: ` +
      'REDIS_URL must name a single Redis, or a master with replicas.',
  );
}

/** @returns An empty text where INFO is not permitted. */
async function infoOf(client: Redis, section: string): Promise<string> {
  try {
    return await client.info(section);
  } catch (error) {
    if (!isReplyError(error)) throw error;
    return '';
  }
}

async function readClockWell(client: Redis, clock: RedisClock): Promise<void> {
  for (let reading = 0; reading < mostReadings; reading += 1) {
    if ((await readClock(client, clock)) <= quickReadingMs) return;
  }
}

/**
 * Reads the server's clock.
 *
 * @returns The milliseconds that it took.
 */
export async function readClock(client: Redis, clock: RedisClock): Promise<number> {
  const sentMs = performance.now();
  const [seconds, microseconds] = await client.time();
  const receivedMs = performance.now();
  clock.observe(sentMs, receivedMs, Number(seconds) * 1_000_000 + Number(microseconds));
  return receivedMs - sentMs;
}

/** `host:port`, for messages. */
function addressOf({ host, port }: RedisTarget): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
