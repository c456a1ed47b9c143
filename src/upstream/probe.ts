import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';

import { exchange } from './exchange.ts';

const probeTimeoutMs = 2_000;
const probeIntervalMs = 500;

/**
 * Asks the API until it answers once, with any status at all: that is how a gateway knows that its
 * way there is open before a request depends on it.
 *
 * @param path - The path prefix of the API's base URL.
 * @returns Whether it answered; `false` where `signal` fired first.
 */
export async function probeUntilAnswered(
  dispatcher: Dispatcher,
  path: string,
  signal: AbortSignal,
): Promise<boolean> {
  const request = { method: 'HEAD', path: `${path}/`, headers: [], timeoutMs: probeTimeoutMs };
  while (!signal.aborted) {
    const { kind } = await exchange(dispatcher, { ...request, signal });
    if (kind === 'answer') return true;
    await sleep(probeIntervalMs, undefined, { signal }).catch(() => undefined);
  }
  return false;
}
