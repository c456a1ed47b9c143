import { randomUUID } from 'node:crypto';

import type { RedisConnection } from './redis-connection.ts';
import { defineScript } from './redis-program.ts';

/** Elects one replica of all that want to do the same, for some time. */
export interface Leases {
  /**
   * Takes the lease of `name` where it is free, and prolongs it where this replica has it.
   *
   * @param leaseMs - From now on.
   * @returns 0 where this replica has it, else for how many milliseconds another one does.
   * @throws (rejecting) where Redis did not answer, or refused to.
   */
  acquire(name: string, leaseMs: number): Promise<number>;
  /** Gives a lease back, where this replica has it. Waits for nothing and never throws. */
  release(name: string): void;
}

export const acquireScript = defineScript(`
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then return math.max(1, redis.call('pttl', KEYS[1])) end
redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
return 0
`);

/** Ends what `KEYS[1]` holds, where that is still `ARGV[1]`. */
export const releaseScript = defineScript(`
if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end
return 0
`);

export interface RedisLeasesOptions {
  readonly connection: RedisConnection;
  /** Told why a lease could not be asked for. @default nobody */
  readonly onFailure?: ((cause: unknown) => void) | undefined;
}

/** Leases as keys that Redis lets expire. */
export function createRedisLeases({ connection, onFailure }: RedisLeasesOptions): Leases {
  const holder = randomUUID();
  const keyOf = (name: string): string => connection.key(`lease:${name}`);

  return {
    async acquire(name, leaseMs) {
      try {
        return Number(await connection.run(acquireScript, [keyOf(name)], [holder, leaseMs]));
      } catch (error) {
        onFailure?.(error);
        throw error;
      }
    },
    release(name) {
      // Where it fails, the lease expires.
      connection.run(releaseScript, [keyOf(name)], [holder]).catch(() => undefined);
    },
  };
}
