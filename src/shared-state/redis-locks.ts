import { leaseMs } from './keyed-locks.ts';
import type { LockStore } from './leased-locks.ts';
import type { RedisAvailability } from './redis-availability.ts';
import type { RedisConnection } from './redis-connection.ts';
import { defineScript } from './redis-program.ts';
import { releaseScript } from './release-script.ts';

/**
 * Leases a key. `KEYS`: the epoch, the lock, and the next process. `ARGV`: the id of the run of the
 * server, the token, the id of this process, and the length of a lease in milliseconds.
 *
 * Locks live under an epoch, `<run of the server>/<time when it began>`. Where the epoch is missing, or
 * belongs to another run of the server, locks may have been lost that their holders still rely on: a
 * new epoch begins, and nothing is granted before every lease of the previous one has ended. The same
 * applies where the clock was set back behind the beginning of the epoch.
 *
 * A process that finds the lock taken registers as the next one, so that a process that takes and
 * releases the lock all the time does not keep all others from it. The registration lasts a little
 * longer than the longest pause between two calls.
 *
 * Returns 0 where the key is leased, -1 where another holder has it, else the milliseconds until
 * anything is granted.
 */
export const takeScript = defineScript(`
local now = math.floor(NOW / 1000)
local lease = tonumber(ARGV[4])
local run, began = string.match(redis.call('GET', KEYS[1]) or '', '^(.*)/(%d+)$')
if run ~= ARGV[1] or tonumber(began) > now then
  began = string.format('%.0f', now)
  redis.call('SET', KEYS[1], ARGV[1] .. '/' .. began)
end
local wait = tonumber(began) + lease - now
if wait > 0 then return wait end

local next = redis.call('GET', KEYS[3])
local taken = redis.call('EXISTS', KEYS[2]) == 1
if not taken and (not next or next == ARGV[3]) then
  redis.call('SET', KEYS[2], ARGV[2], 'PX', lease)
  if next then redis.call('DEL', KEYS[3]) end
  return 0
end
if not next or next == ARGV[3] then redis.call('SET', KEYS[3], ARGV[3], 'PX', 100) end
return -1
`);

/** `KEYS`: the lock. `ARGV`: the token and the length of a lease in milliseconds. */
export const renewScript = defineScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`);

export interface RedisLockStoreOptions {
  readonly connection: RedisConnection;
  readonly availability: Pick<RedisAvailability, 'down'>;
  /** Milliseconds within which Redis has to reply. @default 250 */
  readonly timeoutMs?: number | undefined;
}

/**
 * Leases in Redis (5 or later), for all processes that share it. The epoch covers a restart of Redis,
 * the flush of its data and the takeover by a replica. Not covered are two servers that both accept
 * writes, a server that evicts keys (`maxmemory-policy`), and a clock that is set forward.
 */
export function createRedisLockStore({
  connection,
  availability,
  timeoutMs = 250,
}: RedisLockStoreOptions): LockStore & {
  /** Begins the epoch where there is none, so that the first lock does not have to wait for it. */
  prepare(): Promise<void>;
} {
  const { processId } = connection;
  const leaseText = String(leaseMs);
  const epochKey = connection.key('lock-epoch');
  const lockKey = (key: string) => connection.key(`lock:${key}`);
  const nextKey = (key: string) => connection.key(`lock-next:${key}`);

  const take = (key: string, token: string): Promise<number> =>
    connection.run(
      takeScript,
      [epochKey, lockKey(key), nextKey(key)],
      [connection.serverRun, token, processId, leaseText],
      { timeoutMs, read: numberOf },
    );

  function release(key: string, token: string, onFailure: (cause: unknown) => void): void {
    connection.post(releaseScript, [lockKey(key)], [token], onFailure);
  }

  return {
    get available() {
      return connection.usable && !availability.down;
    },
    take,
    release,
    renew: (key, token) =>
      connection.run(renewScript, [lockKey(key)], [token, leaseText], {
        timeoutMs,
        read: (reply) => reply === 1,
      }),
    async prepare() {
      const token = `${processId}-0`;
      // Where it fails, the lease ends by itself.
      if ((await take(processId, token)) === 0) release(processId, token, () => undefined);
    },
  };
}

/** @throws {TypeError} */
function numberOf(reply: unknown): number {
  if (typeof reply === 'number') return reply;
  throw new TypeError('The lock script in Redis did not return a number.');
}
