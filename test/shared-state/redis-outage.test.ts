import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { parseLimit } from '../../src/rate-limit/limit.ts';
import { RedisAvailability } from '../../src/shared-state/redis-availability.ts';
import type { StoreFailurePolicy } from '../../src/shared-state/resilient-store.ts';
import { createResilientStore } from '../../src/shared-state/resilient-store.ts';
import type { RateLimitDecision, RateLimitStore } from '../../src/rate-limit/store.ts';
import type { RedisServer } from '../support/redis.ts';
import { describeWithRedis, startRedis } from '../support/redis.ts';
import { storeOn } from './open-redis.ts';

// Longer than the default, as a busy machine may hold up a healthy Redis for that long.
const timeoutMs = 300;
const { windows } = parseLimit({ group: 'update', limits: [{ window: '1h', max: 10 }] });

describeWithRedis('Redis out of reach in the middle of load', () => {
  let server: RedisServer;
  let remote: ReturnType<typeof storeOn>;
  let availability: RedisAvailability;
  let store: RateLimitStore;
  const onOutage = vi.fn();
  const onRecovery = vi.fn();
  let users = 0;

  beforeEach(async () => {
    server = await startRedis();
    vi.clearAllMocks();
  });
  afterEach(async () => {
    availability.close();
    remote.close();
    await server.close();
  });

  async function open(onStoreFailure: StoreFailurePolicy): Promise<void> {
    remote = storeOn(server.url, { timeoutMs });
    const probe = () => remote.probe();
    availability = new RedisAvailability({ probe, onOutage, onRecovery });
    store = createResilientStore({ store: remote, availability, onStoreFailure });
    await availability.start();
  }

  /** A hundred calls at once of a user nobody has seen before. */
  function burst(): Promise<RateLimitDecision[]> {
    const user = `user-${users++}`;
    const calls = Array.from({ length: 100 }, async () =>
      store.consume({ user, group: 'update' }, windows),
    );
    return Promise.all(calls);
  }
  const admittedOf = (decisions: readonly RateLimitDecision[]) =>
    decisions.filter((decision) => decision.admitted).length;
  const recovered = () => vi.waitUntil(() => availability.healthy, { timeout: 10_000 });

  it('is counted in process under local, and exactly again afterwards, when it is restarted', async () => {
    await open('local');
    expect(admittedOf(await burst())).toBe(10);
    await server.stop();
    for (let round = 0; round < 5; round += 1) expect(admittedOf(await burst())).toBe(10);
    await server.start();
    await recovered();
    expect(admittedOf(await burst())).toBe(10);
    expect(onOutage).toHaveBeenCalledOnce();
    expect(onRecovery).toHaveBeenCalledOnce();
  });

  it('is refused under closed, and counted exactly again afterwards, when it is restarted', async () => {
    await open('closed');
    await server.stop();
    // The first notices: what comes after is answered at once.
    await store.consume({ user: 'first', group: 'update' }, windows);
    for (const decision of await burst()) {
      expect(decision).toMatchObject({ admitted: false, retryAfterMs: 1000, refusedBy: null });
    }
    await server.start();
    await recovered();
    expect(admittedOf(await burst())).toBe(10);
    expect(onOutage).toHaveBeenCalledOnce();
  });

  it('holds up only the calls that are under way when it freezes', async () => {
    await open('local');
    await burst();
    server.freeze();
    expect(admittedOf(await burst())).toBe(10);
    const since = performance.now();
    for (let round = 0; round < 20; round += 1) expect(admittedOf(await burst())).toBe(10);
    // Waiting for it anew in each of these rounds would take 20 times the time-out.
    expect(performance.now() - since).toBeLessThan(10 * timeoutMs);
    server.thaw();
    await recovered();
    expect(admittedOf(await burst())).toBe(10);
    expect(onOutage).toHaveBeenCalledOnce();
    expect(onRecovery).toHaveBeenCalledOnce();
  });

  it('does not keep the gateway from starting', async () => {
    await server.stop();
    await open('local');
    expect(availability.healthy).toBe(false);
    expect(admittedOf(await burst())).toBe(10);
    await server.start();
    await recovered();
    expect(admittedOf(await burst())).toBe(10);
  });
});
