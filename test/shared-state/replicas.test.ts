import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseLimit } from '../../src/rate-limit/limit.ts';
import type { RemoteStore } from '../../src/shared-state/resilient-store.ts';
import type { RedisServer } from '../support/redis.ts';
import { describeWithRedis, startRedis } from '../support/redis.ts';
import { storeOn } from './open-redis.ts';

const { windows } = parseLimit({
  group: 'update',
  limits: [
    { window: '1s', max: 12 },
    { window: '200ms', max: 4 },
  ],
});
const loadMs = 2_200;

/** An admitted call: Redis decided it somewhere between these two moments. */
interface Admission {
  readonly sentMs: number;
  readonly receivedMs: number;
}

describeWithRedis('three stores on one Redis', () => {
  let server: RedisServer;
  let stores: ReturnType<typeof storeOn>[];

  beforeAll(async () => {
    server = await startRedis();
    stores = [1, 2, 3].map(() => storeOn(server.url, { timeoutMs: 5_000 }));
    await Promise.all(stores.map((store) => store.probe()));
  });
  afterAll(async () => {
    for (const store of stores) store.close();
    await server.close();
  });

  async function overload(store: RemoteStore, untilMs: number): Promise<Admission[]> {
    const admissions: Admission[] = [];
    while (performance.now() < untilMs) {
      const sentMs = performance.now();
      const { admitted } = await store.consume({ user: 'ann', group: 'update' }, windows);
      if (admitted) admissions.push({ sentMs, receivedMs: performance.now() });
    }
    return admissions;
  }

  it('admit together what one may, never more in any window and no less', async () => {
    const untilMs = performance.now() + loadMs;
    const admissions = (await Promise.all(stores.map((store) => overload(store, untilMs)))).flat();

    for (const { windowMs, max } of windows) {
      for (const { sentMs } of admissions) {
        const surelyWithin = admissions.filter(
          (other) => other.sentMs >= sentMs && other.receivedMs < sentMs + windowMs,
        );
        expect(surelyWithin.length).toBeLessThanOrEqual(max);
      }
    }
    // Bursts of 4 at 0, 200 and 400 ms of each second, the third second having just begun.
    expect(admissions.length).toBeGreaterThanOrEqual(28);
  });
});
