import type { Election } from './election.ts';
import type { RedisConnection } from './redis-connection.ts';
import { defineScript } from './redis-program.ts';
import { releaseScript } from './release-script.ts';

/** `KEYS`: the election. `ARGV`: the id of this process, and the length of a term in milliseconds. */
export const acquireScript = defineScript(`
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then return math.max(1, redis.call('pttl', KEYS[1])) end
redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
return 0
`);

export interface RedisElectionOptions {
  readonly connection: RedisConnection;
  /** Called with the cause when `acquire` failed. @default no call */
  readonly onFailure?: ((cause: unknown) => void) | undefined;
}

/** An election by keys that hold the id of the elected process, and that Redis expires. */
export function createRedisElection({ connection, onFailure }: RedisElectionOptions): Election {
  const { processId } = connection;
  const keyOf = (name: string): string => connection.key(`lease:${name}`);

  return {
    async acquire(name, termMs) {
      try {
        return await connection.run(acquireScript, [keyOf(name)], [processId, String(termMs)], {
          read: Number,
        });
      } catch (error) {
        onFailure?.(error);
        throw error;
      }
    },
    release(name) {
      // Where it fails, the key expires.
      connection.post(releaseScript, [keyOf(name)], [processId], () => undefined);
    },
  };
}
