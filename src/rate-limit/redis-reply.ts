import type { WindowUsage } from './decision.ts';
import type { RateLimitWindow } from './limit.ts';

/** What `consumeScript` answers. */
export interface ScriptReply {
  /** Redis' own time in microseconds. */
  readonly redisUs: number;
  /** null when the script came after its deadline. */
  readonly usages: readonly WindowUsage[] | null;
}

/** @throws {TypeError} When it is no such answer about these windows. */
export function parseReply(reply: unknown, windows: readonly RateLimitWindow[]): ScriptReply {
  const numbers: unknown[] = Array.isArray(reply) ? reply : [];
  const [redisUs, inTime, ...usage] = numbers.map(toInteger);
  if (redisUs === undefined) throw unusable(reply);
  if (inTime !== 1) return { redisUs, usages: null };
  const usages = windows.map((window, index) => {
    const [count, freesInUs] = usage.slice(2 * index, 2 * index + 2);
    if (count === undefined || freesInUs === undefined) throw unusable(reply);
    return { window, count, freesInUs };
  });
  return { redisUs, usages };
}

function toInteger(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw unusable(value);
  return value;
}

function unusable(value: unknown): TypeError {
  return new TypeError(`The rate-limit script in Redis answered ${JSON.stringify(value)}.`);
}
