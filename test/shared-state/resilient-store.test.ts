import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseLimit } from '../../src/rate-limit/limit.ts';
import { createMemoryStore } from '../../src/rate-limit/memory-store.ts';
import type { ResilientStoreOptions } from '../../src/shared-state/resilient-store.ts';
import { RedisAvailability } from '../../src/shared-state/redis-availability.ts';
import type { RedisAvailabilityOptions } from '../../src/shared-state/redis-availability.ts';
import { UncountedCallError, UnusableRedisError } from '../../src/shared-state/redis-failure.ts';
import { createResilientStore } from '../../src/shared-state/resilient-store.ts';
import type { RemoteStore } from '../../src/shared-state/resilient-store.ts';
import { createClock } from '../support/clock.ts';

const { windows } = parseLimit({ group: 'update', limits: [{ window: '60s', max: 2 }] });
const key = { user: 'ann', group: 'update' };
const broken = new Error('broken');

/** A store in another process, as far as anyone can tell, that can be out of reach. */
function createRemote() {
  const counting = createMemoryStore({ now: createClock().now });
  const state = { reachable: true };
  const store = {
    consume: vi.fn<RemoteStore['consume']>(async (...call) => {
      if (!state.reachable) throw broken;
      return counting.consume(...call);
    }),
    probe: vi.fn<RemoteStore['probe']>(async () => {
      if (!state.reachable) throw broken;
    }),
  };
  return { state, store };
}

type Options = Partial<RedisAvailabilityOptions & ResilientStoreOptions>;

function setUp({ probeIntervalMs = 1, onCauseChange, ...options }: Options = {}) {
  const remote = createRemote();
  const onOutage = vi.fn();
  const onRecovery = vi.fn();
  const local = createMemoryStore({ now: createClock().now });
  const availability = new RedisAvailability({
    probe: () => remote.store.probe(),
    probeIntervalMs,
    onOutage,
    onCauseChange,
    onRecovery,
  });
  const store = createResilientStore({ store: remote.store, availability, local, ...options });
  const call = async () => store.consume(key, windows);
  return { remote, availability, call, onOutage, onRecovery };
}

describe('createResilientStore', () => {
  const opened: { close(): void }[] = [];
  const open = (options?: Options) => {
    const parts = setUp(options);
    opened.push(parts.availability);
    return parts;
  };
  beforeEach(() => {
    opened.length = 0;
  });
  afterEach(() => {
    for (const availability of opened) availability.close();
  });

  it('leaves the decision to the store while it answers', async () => {
    const { availability, call, onOutage } = open();
    await availability.start();
    expect(availability.healthy).toBe(true);
    expect([await call(), await call(), await call()].map(({ admitted }) => admitted)).toEqual([
      true,
      true,
      false,
    ]);
    expect(onOutage).not.toHaveBeenCalled();
  });

  it('counts by itself during an outage, under local', async () => {
    const { remote, availability, call } = open();
    remote.state.reachable = false;
    const admitted = (await Promise.all([call(), call(), call()])).map((one) => one.admitted);
    expect(admitted).toEqual([true, true, false]);
    expect(availability.healthy).toBe(false);
  });

  it('refuses for a second during an outage, under closed', async () => {
    const { remote, call } = open({ onStoreFailure: 'closed' });
    remote.state.reachable = false;
    expect(await call()).toEqual({
      admitted: false,
      retryAfterMs: 1000,
      refusedBy: null,
      windows: [{ window: windows[0], remaining: 0, resetMs: 1000 }],
    });
  });

  it('tells an outage and its end once, however many calls meet it', async () => {
    const { remote, availability, call, onOutage, onRecovery } = open();
    await availability.start();
    remote.state.reachable = false;
    await Promise.all(Array.from({ length: 20 }, call));
    await Promise.all(Array.from({ length: 20 }, call));
    expect(onOutage).toHaveBeenCalledExactlyOnceWith({ cause: broken });
    remote.state.reachable = true;
    await vi.waitUntil(() => availability.healthy);
    expect(onRecovery).toHaveBeenCalledOnce();
    expect(onRecovery.mock.calls[0]?.[0]).toMatchObject({ calls: 40 });
    expect(onOutage).toHaveBeenCalledOnce();
  });

  it('asks the store no call while an outage lasts, and probes one at a time', async () => {
    const { remote, call } = open();
    remote.state.reachable = false;
    remote.store.probe.mockReturnValue(new Promise(() => undefined));
    await call();
    for (let index = 0; index < 20; index += 1) await call();
    expect(remote.store.consume).toHaveBeenCalledOnce();
    expect(remote.store.probe).toHaveBeenCalledOnce();
  });

  it('starts while the store is down, and recovers when it comes up', async () => {
    const { remote, availability, call, onOutage } = open();
    remote.state.reachable = false;
    await availability.start();
    expect(availability.healthy).toBe(false);
    expect(onOutage).toHaveBeenCalledOnce();
    expect(await call()).toMatchObject({ admitted: true });
    remote.state.reachable = true;
    await vi.waitUntil(() => availability.healthy);
  });

  it('takes no new outage from a call that began before the last one ended', async () => {
    const { remote, availability, call, onOutage, onRecovery } = open();
    let fail: (reason: Error) => void = () => undefined;
    remote.store.consume.mockReturnValueOnce(
      new Promise((_, reject) => {
        fail = reject;
      }),
    );
    const slow = call();
    remote.state.reachable = false;
    await call();
    remote.state.reachable = true;
    await vi.waitUntil(() => onRecovery.mock.calls.length === 1);
    fail(broken);
    expect(await slow).toMatchObject({ admitted: true });
    expect(availability.healthy).toBe(true);
    expect(onOutage).toHaveBeenCalledOnce();
  });

  it('tells a cause once however it alternates with others, with how often it failed meanwhile', async () => {
    const onCauseChange = vi.fn();
    const { remote, availability, call, onOutage } = open({ onCauseChange });
    await availability.start();
    const [refused, lost] = ['ECONNREFUSED', 'ECONNRESET'].map((code) =>
      Object.assign(new Error(code), { code }),
    );
    remote.store.consume.mockRejectedValue(refused);
    for (let index = 0; index < 20; index += 1) {
      remote.store.probe.mockRejectedValueOnce(refused).mockRejectedValueOnce(lost);
    }
    remote.store.probe.mockResolvedValue(undefined);
    await call();
    await vi.waitUntil(() => availability.healthy);
    expect(onOutage).toHaveBeenCalledExactlyOnceWith({ cause: refused });
    expect(onCauseChange).toHaveBeenCalledExactlyOnceWith({ cause: lost, failures: 1 });
  });

  it('decides a call alone that the store did not count, and goes on asking the store', async () => {
    const onUncounted = vi.fn();
    const { remote, availability, call, onOutage } = open({
      onUncounted,
      onStoreFailure: 'closed',
    });
    await availability.start();
    const cause = new UncountedCallError('this one');
    for (let index = 0; index < 20; index += 1) {
      remote.store.consume.mockRejectedValueOnce(cause);
      expect(await call()).toMatchObject({ admitted: false, refusedBy: null });
    }
    expect(await call()).toMatchObject({ admitted: true });
    expect(onUncounted).toHaveBeenCalledExactlyOnceWith({ cause, failures: 0 });
    expect(onOutage).not.toHaveBeenCalled();
  });

  it('asks, at most once an interval, whether a call that was not counted is the only one', async () => {
    const { remote, availability, call, onOutage } = open({ probeIntervalMs: 60_000 });
    await availability.start();
    remote.store.probe.mockRejectedValue(broken);
    remote.store.consume.mockRejectedValue(new UncountedCallError('every one'));
    await Promise.all(Array.from({ length: 20 }, call));
    await vi.waitUntil(() => !availability.healthy);
    expect(onOutage).toHaveBeenCalledExactlyOnceWith({ cause: broken });
    // At the start, for the calls, and the first of the outage.
    expect(remote.store.probe).toHaveBeenCalledTimes(3);
  });

  it('does not start with a store that no waiting makes usable', async () => {
    const { remote, availability, onOutage } = open();
    const refusal = new UnusableRedisError('CLUSTER', 'A cluster.');
    remote.store.probe.mockRejectedValueOnce(refusal);
    await expect(availability.start()).rejects.toBe(refusal);
    expect(onOutage).not.toHaveBeenCalled();
  });

  it('stops probing once it is closed', async () => {
    const { remote, availability, call } = open();
    remote.state.reachable = false;
    await call();
    availability.close();
    const probes = remote.store.probe.mock.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(remote.store.probe.mock.calls.length).toBeLessThanOrEqual(probes + 1);
  });
});
