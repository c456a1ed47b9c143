import { createHash } from 'node:crypto';

/**
 * A Lua script, as the body of a function. `KEYS` and `ARGV` are those of the one call; `NOW` is Redis'
 * own time in microseconds, the same for all calls that were sent together. It must return a value.
 */
export interface RedisScript {
  readonly text: string;
}

/** @param text - See {@link RedisScript}. */
export function defineScript(text: string): RedisScript {
  return Object.freeze({ text });
}

/**
 * Several scripts in one, which runs any number of calls one after the other, so that calls that are
 * sent together cost one command.
 *
 * `ARGV[1]` is a JSON array: for each call the number of its script, how many of `KEYS` it has, and an
 * array of its arguments as strings. The client does work for each argument of a command, so that a
 * single one costs far less. For the same reason it returns a single text, a JSON array: the time in
 * microseconds, then for each call what its script returned. Where a script fails,
 * `{"err": …}` stands in that place, and the other calls are run.
 *
 * cjson writes numbers with 14 digits, which no script but the time exceeds.
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
local replies, key = {string.format('%.0f', NOW)}, 0
for call = 1, #calls, 3 do
  local keys = {}
  for index = 1, calls[call + 1] do keys[index] = KEYS[key + index] end
  local done, reply = pcall(scripts[calls[call]], keys, calls[call + 2])
  if done then done, reply = pcall(cjson.encode, reply) end
  if not done then
    local message = type(reply) == 'table' and reply.err or reply
    -- Errors of Lua, and all errors before Redis 7, begin with the place where they happened.
    if not string.find(message, '^%u+ ') then message = 'ERR ' .. message end
    reply = cjson.encode({err = message})
  end
  replies[#replies + 1] = reply
  key = key + #keys
end
return '[' .. table.concat(replies, ',') .. ']'`;
    this.sha1 = createHash('sha1').update(this.text).digest('hex');
  }

  /**
   * The number of a script in this program.
   *
   * @throws {TypeError} Where the script is not part of it.
   */
  numberOf(script: RedisScript): number {
    const index = this.#scripts.indexOf(script);
    if (index < 0) throw new TypeError('The script is not part of the program for Redis.');
    return index + 1;
  }
}
