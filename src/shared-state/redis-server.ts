import type { Redis } from 'ioredis';

import type { RedisClock } from './redis-clock.ts';
import { explain, isReplyError, UnusableRedisError } from './redis-failure.ts';
import type { RedisTarget } from './redis-url.ts';

/** A reading that took no longer than this tells the clock well enough. */
const quickReadingMs = 5;
/** A process that is starting stalls; the quickest of a few readings has no stall in it. */
const mostReadings = 3;

/**
 * What a server is asked before its connection is used: for the database, whether it is a cluster,
 * its clock, and what names its run. One round trip, where the clock is read quickly.
 *
 * @returns What names the run of the server: another one after each restart. `unknown` where INFO is
 *   not permitted.
 * @throws UnusableRedisError (rejecting) where it is not what the configuration asks for; what the
 *   client rejects with where the connection is lost.
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

/** ioredis has selected it already, but would go on in database 0 where that failed. */
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

/** Where INFO is not permitted there is no telling: a cluster then answers MOVED to some calls. */
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
 * @returns the milliseconds it took.
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
