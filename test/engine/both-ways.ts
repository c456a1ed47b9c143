import { expect } from 'vitest';

import type { ExecutionContextStore } from '../../src/execution-contexts/model.ts';
import { createRestStore } from '../../src/execution-contexts/rest.ts';
import { createClock } from '../support/clock.ts';
import { createSide, type Observation, type SideOptions } from './listening-side.ts';
import { createMemoryClient, MemoryApi } from './memory-api.ts';
import type { RawRequest } from './raw-http.ts';

export type Parts = Omit<SideOptions, 'forced' | 'clock'>;

/** Sends a request to a gateway made of `parts` both ways, once its document is learned. */
export async function expectEqual(parts: Parts, request: RawRequest): Promise<Observation> {
  const clock = createClock();
  const planned = createSide({ forced: false, clock, ...parts });
  const yogas = createSide({ forced: true, clock, ...parts });
  async function sendAs(name: string): Promise<Observation> {
    const more = [
      ['x-request-id', 'r'],
      ['authorization', `Bearer ${name}`],
    ] as const;
    const sent = { ...request, headers: [...(request.headers ?? []), ...more] };
    for (const side of [planned, yogas]) side.api.reset();
    const observed = await planned.send(sent);
    expect(observed).toEqual(await yogas.send(sent));
    return observed;
  }
  await sendAs('admin-first');
  const before = planned.planned;
  const observed = await sendAs('admin-again');
  expect(planned.planned).toBe(before + 1);
  return observed;
}

/** A store that works, but for these calls. */
export function withStore(calls: Partial<Record<keyof ExecutionContextStore, unknown>>): Parts {
  const store = createRestStore({ client: createMemoryClient(new MemoryApi()) });
  return { executionContexts: { store: { ...store, ...calls } as ExecutionContextStore } };
}
