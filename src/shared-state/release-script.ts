import { defineScript } from './redis-program.ts';

/**
 * Deletes a key where it still holds what this process wrote: it may have expired and belong to
 * another process by now. `KEYS`: the key. `ARGV`: the value that was written.
 */
export const releaseScript = defineScript(`
if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end
return 0
`);
