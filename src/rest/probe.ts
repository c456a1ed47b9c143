import { setTimeout as sleep } from 'node:timers/promises';

import { request } from '../http-client.ts';
import type { Connections } from './connections.ts';

const probeTimeoutMs = 2_000;
const probeIntervalMs = 500;
const headers = ['user-agent', 'execution-context-gateway'];

/**
 * Probes the API until it answers once, with any status, so that the gateway knows that the API can be
 * reached before a request depends on it. Some APIs and firewalls drop or refuse `HEAD`, so a `GET` is
 * tried next, whose body is not read.
 *
 * @param path - The path prefix of the API's base URL.
 * @param onFailure - Called each time neither was answered, with the cause.
 * @returns Whether it answered; `false` where `signal` fired first.
 */
export async function probeUntilAnswered(
  connections: Connections,
  path: string,
  signal: AbortSignal,
  onFailure: (cause: Error) => void,
): Promise<boolean> {
  while (!signal.aborted) {
    if ((await probe(connections, 'HEAD', `${path}/`, signal)) === null) return true;
    const cause = await probe(connections, 'GET', `${path}/`, signal);
    if (cause === null) return true;
    onFailure(cause);
    await sleep(probeIntervalMs, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

/** @returns Why there was no answer; `null` where there was. */
async function probe(
  connections: Connections,
  method: 'HEAD' | 'GET',
  path: string,
  signal: AbortSignal,
): Promise<Error | null> {
  try {
    const { body } = await request(connections.sender(), {
      method,
      path,
      headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(probeTimeoutMs)]),
    });
    // Destroying a body before its end emits an error on it, which is expected.
    body.on('error', () => undefined).destroy();
    return null;
  } catch (error) {
    return error as Error;
  }
}
