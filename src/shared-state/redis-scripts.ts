import { limitScript } from './limit-script.ts';
import { acquireScript } from './redis-election.ts';
import { publishScript } from './redis-events.ts';
import { renewScript, takeScript } from './redis-locks.ts';
import type { RedisScript } from './redis-program.ts';
import { releaseScript } from './release-script.ts';

/** Every script that is called through a `RedisConnection`. */
export const redisScripts: readonly RedisScript[] = [
  limitScript,
  takeScript,
  renewScript,
  acquireScript,
  releaseScript,
  publishScript,
];
