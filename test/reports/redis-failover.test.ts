import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { runOne, type Result } from '../support/operations.ts';
import { startHoldingProxy, type HoldingProxy } from '../support/redis-proxy.ts';
import { describeWithRedis, startRedis, type RedisServer } from '../support/redis.ts';
import { linesOf, readinessOf } from './log-lines.ts';

const prefix = 'execution-context-gateway:';
/** What is counted by nobody is refused with these, under `closed`. */
const uncounted = {
  code: 'RATE_LIMITED',
  source: 'GATEWAY',
  retryAfterMs: 1_000,
  limit: null,
};
/** A busy machine may hold up a healthy Redis for longer than its 50 ms. */
const patience = { timeout: 10_000 };

let gateway: TestGateway;
let users = 0;

async function open(url: string, policy = 'closed'): Promise<void> {
  gateway = await startTestGateway({
    env: { REDIS_URL: url, RATE_LIMIT_ON_STORE_FAILURE: policy },
  });
  gateway.upstream.seed({ id: 'ctx_1', user_id: 'alice' });
  await expect.poll(well, patience).toBe(true);
}

async function well(): Promise<boolean> {
  const { ready, degraded } = await readinessOf(gateway);
  return ready && degraded.length === 0;
}

/** A read of somebody, by default somebody whom nobody has seen before. */
async function read(name = `user-${(users += 1)}`): Promise<Result> {
  return runOne(gateway, 'fetch', 'ctx_1', { token: await gateway.tokenOf(name) });
}

/** A read that was admitted is refused for its owner. */
const admitted = { code: 'FORBIDDEN' };

describeWithRedis('a Redis that fails over', () => {
  let master: RedisServer;
  let other: RedisServer;
  let onMaster: Redis;
  let onOther: Redis;
  let name: HoldingProxy;

  beforeAll(async () => {
    [master, other] = await Promise.all([startRedis(), startRedis()]);
    onMaster = new Redis(master.url);
    onOther = new Redis(other.url);
  });
  beforeEach(async () => {
    for (const redis of [onMaster, onOther]) {
      await redis.call('REPLICAOF', 'NO', 'ONE');
      await redis.flushall();
    }
    name = await startHoldingProxy(master.url);
  });
  afterEach(async () => {
    await gateway.close();
    name.close();
  });
  afterAll(async () => {
    onMaster.disconnect();
    onOther.disconnect();
    await Promise.all([master.close(), other.close()]);
  });

  const demote = () => onMaster.call('REPLICAOF', '127.0.0.1', new URL(other.url).port);
  /** Whose reads the master has counted. */
  const counted = () => onMaster.keys(`${prefix}rate-limit:*:read`);

  it.each(['closed', 'local'])(
    'is followed by its name, and the demoted master (READONLY) left, under %s',
    async (policy) => {
      await open(name.url, policy);
      await read();
      await demote();
      name.leadTo(other.url);
      await expect
        .poll(async () => {
          await read();
          return (await onOther.keys(`${prefix}rate-limit:*:read`)).length;
        }, patience)
        .toBeGreaterThan(1);
      await expect.poll(well, patience).toBe(true);
      await expect.poll(async () => read(), patience).toMatchObject(admitted);
      // On a busy machine the new master may not answer in time once more.
      const recoveries = linesOf(gateway, /^Redis answers again/).length;
      expect(recoveries).toBeGreaterThanOrEqual(1);
      expect(linesOf(gateway, /^Redis does not answer/)).toHaveLength(recoveries);
    },
    20_000,
  );

  it('is an outage with its cause told while its name leads to a replica', async () => {
    await open(name.url);
    await demote();
    expect(await read()).toMatchObject(uncounted);
    // On a busy machine the first call may be given up before its answer comes.
    await expect
      .poll(
        () => linesOf(gateway, /^Redis (still )?does not answer/).map(({ code }) => code),
        patience,
      )
      .toContain('READONLY');
    await expect
      .poll(async () => (await readinessOf(gateway)).reasons.join(), patience)
      .toContain('READONLY');
    await onMaster.call('REPLICAOF', 'NO', 'ONE');
    await expect.poll(well, patience).toBe(true);
    await expect.poll(async () => read(), patience).toMatchObject(admitted);
  });

  it('is an outage, too, while it takes no writes (OOM)', async () => {
    await open(name.url);
    await onMaster.config('SET', 'maxmemory', '1');
    expect(await read()).toMatchObject(uncounted);
    await expect
      .poll(async () => (await readinessOf(gateway)).reasons.join(), patience)
      .toContain('OOM');
    await onMaster.config('SET', 'maxmemory', '0');
    await expect.poll(well, patience).toBe(true);
    await expect.poll(async () => read(), patience).toMatchObject(admitted);
  });

  it.each([
    ['closed', uncounted],
    ['local', admitted],
  ])(
    'has one key that cannot be counted in (WRONGTYPE), which concerns that user alone, under %s',
    async (policy, expected) => {
      await open(name.url, policy);
      await expect.poll(async () => read('odd'), patience).toMatchObject(admitted);
      await expect.poll(counted, patience).toHaveLength(1);
      const [key = ''] = await counted();
      await onMaster.set(key, 'no list');
      for (let calls = 0; calls < 5; calls += 1) {
        expect(await read('odd')).toMatchObject(expected);
        await expect.poll(async () => read(), patience).toMatchObject(admitted);
      }
      expect(await counted()).not.toHaveLength(1);
      expect(await well()).toBe(true);
      expect(linesOf(gateway, /Redis/)).toMatchObject([
        { msg: 'Redis did not count a call', code: 'WRONGTYPE' },
      ]);
      await onMaster.del(key);
      await expect
        .poll(async () => {
          await read('odd');
          return onMaster.exists(key);
        }, patience)
        .toBe(1);
    },
    20_000,
  );

  it('has one key that cannot be locked by, which is told once and concerns no other', async () => {
    await open(name.url, 'local');
    await onMaster.lpush(`${prefix}lock-next:ctx_1`, 'no text');
    gateway.upstream.seed({ id: 'ctx_2', user_id: 'alice' });
    const told = () => linesOf(gateway, /Redis did not lock a key/);
    const update = async (id: string) => runOne(gateway, 'update', id);
    // A Redis that was just flushed grants nothing for one lease.
    await expect.poll(async () => update('ctx_2'), patience).toMatchObject({ id: 'ctx_2' });
    for (let calls = 0; calls < 5; calls += 1) {
      expect(await update('ctx_1')).toMatchObject({ id: 'ctx_1' });
      expect(await update('ctx_2')).toMatchObject({ id: 'ctx_2' });
    }
    expect(told()).toMatchObject([{ level: 'warn', code: 'WRONGTYPE', failures: 0 }]);
    expect(await well()).toBe(true);
  }, 20_000);
});

describeWithRedis('a Redis Cluster that cannot be told for one, as INFO is not permitted', () => {
  let nodes: RedisServer[];
  let clients: Redis[];
  beforeAll(async () => {
    nodes = await Promise.all([startRedis({ cluster: true }), startRedis({ cluster: true })]);
    clients = nodes.map(({ url }) => new Redis(url));
    const [first, second] = clients;
    if (first === undefined || second === undefined) throw new Error('There are two nodes.');
    await first.call('CLUSTER', 'ADDSLOTSRANGE', '0', '8191');
    await second.call('CLUSTER', 'ADDSLOTSRANGE', '8192', '16383');
    const { port } = new URL(nodes[1]?.url ?? '');
    const bus = /\bcport:(\d+)|@(\d+)/.exec(String(await second.call('CLUSTER', 'NODES')));
    await first.call('CLUSTER', 'MEET', '127.0.0.1', port, bus?.[1] ?? bus?.[2] ?? '');
    await vi.waitUntil(
      async () => String(await first.call('CLUSTER', 'INFO')).includes('cluster_state:ok'),
      { timeout: 15_000 },
    );
    await first.call('ACL', 'SETUSER', 'ann', 'on', '>hidden', '~*', '&*', '+@all', '-info');
  }, 30_000);
  afterAll(async () => {
    await gateway.close();
    for (const client of clients) client.disconnect();
    await Promise.all(nodes.map((node) => node.close()));
  });

  /** How often the first node has answered MOVED. */
  async function moved(): Promise<number> {
    const stats = String(await clients[0]?.info('errorstats'));
    return Number(/errorstat_MOVED:count=(\d+)/.exec(stats)?.[1] ?? 0);
  }

  it('does not count some users (MOVED), whose calls follow the policy, and nobody else’s do', async () => {
    gateway = await startTestGateway({
      env: {
        REDIS_URL: (nodes[0]?.url ?? '').replace('://', '://ann:hidden@'),
        RATE_LIMIT_ON_STORE_FAILURE: 'closed',
      },
    });
    gateway.upstream.seed({ id: 'ctx_1', user_id: 'alice' });
    await clients[0]?.config('RESETSTAT');
    let reads = 0;
    const codes = new Set<string | undefined>();
    // Once more than a few probes met a key of the other node's: those are no outage either.
    await expect
      .poll(async () => {
        const { code } = await read();
        codes.add(code);
        if (code === 'RATE_LIMITED') reads += 1;
        return (await moved()) - reads > 2 && codes.size === 2;
      }, patience)
      .toBe(true);
    expect([...codes].sort()).toEqual(['FORBIDDEN', 'RATE_LIMITED']);
    expect(linesOf(gateway, /Redis does not answer/)).toEqual([]);
    expect(linesOf(gateway, /Redis did not count a call/)).toMatchObject([{ code: 'MOVED' }]);
    expect(await well()).toBe(true);
    expect(gateway.logs()).not.toContain('hidden');
  });
});
