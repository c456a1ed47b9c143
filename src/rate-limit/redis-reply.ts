import type { WindowUsage } from './decision.ts';

/** What {@link consumeScript} answers. */
export interface ScriptReply {
  readonly redisUs: number;
  readonly inTime: boolean;
  readonly usages: readonly WindowUsage[];
}

/**
 * @throws {TypeError} When it is anything but a list of numbers.
 */
export function parseReply(reply: unknown): ScriptReply {
  if (!Array.isArray(reply) || !reply.every((item) => typeof item === 'number')) {
    throw new TypeError('The rate-limit script did not answer with a list of numbers.');
  }
  const [redisUs = NaN, inTime, ...numbers] = reply;
  const usages: WindowUsage[] = [];
  for (let index = 0; index < numbers.length; index += 2) {
    usages.push({ count: numbers[index] ?? NaN, freesInUs: numbers[index + 1] ?? NaN });
  }
  return { redisUs, inTime: inTime === 1, usages };
}
