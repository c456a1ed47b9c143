import { createHash } from 'node:crypto';

/**
 * A Lua script, as the body of a function: its `KEYS` and `ARGV` are those of the one call. `NOW` is
 * Redis' own time in microseconds, the same for all calls that were sent together. It must return
 * something.
 */
export interface RedisScript {
  readonly text: string;
}

export function defineScript(text: string): RedisScript {
  return Object.freeze({ text });
}

/**
 * Several scripts as one, which runs any number of calls one after the other. Calls that are sent
 * together so cost one command, whatever they do.
 *
 * `ARGV[1]` is a JSON array: for each call the number of its script, how many of `KEYS` it has, and an
 * array of its arguments as strings. The client does its work on each argument of a command, which as
 * one argument costs far less. Returns the time, then for each call what its script returned. A call
 * whose script fails is answered with its error, and the others go on.
 */
export class RedisProgram {
  readonly text: string;
  readonly sha1: string;
  readonly #scripts: readonly RedisScript[];

  constructor(scripts: readonly RedisScript[]) {
    this.#scripts = scripts;
    this.text = `
local time = redis.call('TIME')
local NOW = time[1] * 1000000 + time[2]
local scripts = {
${scripts.map(({ text }) => `function(KEYS, ARGV)\n${text.trim()}\nend`).join(',\n')}
}
local calls = cjson.decode(ARGV[1])
local replies, key = {NOW}, 0
for call = 1, #calls, 3 do
  local keys = {}
  for index = 1, calls[call + 1] do keys[index] = KEYS[key + index] end
  local done, reply = pcall(scripts[calls[call]], keys, calls[call + 2])
  if not done then
    local message = type(reply) == 'table' and reply.err or reply
    -- What is no error of a command, and all of them before Redis 7, begins with where it happened.
    if not string.find(message, '^%u+ ') then message = 'ERR ' .. message end
    reply = {err = message}
  end
  replies[#replies + 1] = reply
  key = key + #keys
end
return replies`;
    this.sha1 = createHash('sha1').update(this.text).digest('hex');
  }

  /**
   * The number that names a script in a call.
   *
   * @throws TypeError where it is none of this program's.
   */
  numberOf(script: RedisScript): number {
    const index = this.#scripts.indexOf(script);
    if (index < 0) throw new TypeError('A script that is no part of the program for Redis.');
    return index + 1;
  }
}
