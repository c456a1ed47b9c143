import type { WindowUsage } from '../rate-limit/decision.ts';
import type { RateLimitWindow } from '../rate-limit/limit.ts';
import { defineScript } from './redis-program.ts';

/**
 * Decides one call. `KEYS[1]` holds the times of the newest calls of a user in a group, newest first,
 * in microseconds.
 *
 * `ARGV`: the deadline by Redis' own clock until which the call may be charged, in microseconds; the
 * time to count by, or '' for Redis' own; 1 to charge the call, 0 only to read the windows; then the
 * windows as `windowsText` writes them.
 *
 * Returns 1 where the deadline has not passed, then for each window the calls that count and the
 * microseconds until it has room for one more (`WindowUsage`). After the deadline it charges nothing
 * and returns 0 alone.
 */
export const limitScript = defineScript(`
if NOW > tonumber(ARGV[1]) then return {0} end
local now = tonumber(ARGV[2]) or NOW
local cost = tonumber(ARGV[3])
local key = KEYS[1]

-- Redis' clock may be set back, or a replica with another clock take over. Then no time counts as
-- having passed since the newest call.
local newest = tonumber(redis.call('LINDEX', key, 0) or nil)
if newest and newest > now then
  local ahead = newest - now
  for index, at in ipairs(redis.call('LRANGE', key, 0, -1)) do
    redis.call('LSET', key, index - 1, string.format('%.0f', tonumber(at) - ahead))
  end
end

local function at(index) return tonumber(redis.call('LINDEX', key, index)) end

local size = redis.call('LLEN', key)
local reply, admitted, longest, most = {1}, true, 0, 0
for window, max in string.gmatch(ARGV[4], '(%d+)/(%d+)') do
  window, max = tonumber(window), tonumber(max)
  local low, high = 0, size
  while low < high do
    local middle = math.floor((low + high) / 2)
    if at(middle) > now - window then low = middle + 1 else high = middle end
  end
  local frees = window
  if low > 0 then frees = at(math.min(low, max) - 1) + window - now end
  reply[#reply + 1], reply[#reply + 2] = low, frees
  if low + cost > max then admitted = false end
  longest, most = math.max(longest, window), math.max(most, max)
end

if admitted and cost > 0 then
  redis.call('LPUSH', key, string.format('%.0f', now))
  redis.call('LTRIM', key, 0, most - 1)
  -- Expiry is in whole milliseconds from one rounded down: one more, so that no call leaves early.
  redis.call('PEXPIRE', key, math.ceil(longest / 1000) + 1)
end
return reply
`);

/** Windows as the script reads them: length in microseconds and max of each. */
export function windowsText(windows: readonly RateLimitWindow[]): string {
  return windows.map(({ windowMs, max }) => `${windowMs * 1000}/${max}`).join(' ');
}

/**
 * Reads the script's reply.
 *
 * @returns `null` where the call reached Redis after its deadline.
 * @throws {TypeError} When the reply does not fit these windows.
 */
export function readUsages(
  reply: unknown,
  windows: readonly RateLimitWindow[],
): readonly WindowUsage[] | null {
  const numbers: readonly unknown[] = Array.isArray(reply) ? reply : [];
  const at = (index: number) => {
    const number = numbers[index];
    if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
    throw new TypeError(`The rate-limit script in Redis answered ${JSON.stringify(reply)}.`);
  };
  if (at(0) !== 1) return null;
  return windows.map((window, index) => ({
    window,
    count: at(2 * index + 1),
    freesInUs: at(2 * index + 2),
  }));
}
