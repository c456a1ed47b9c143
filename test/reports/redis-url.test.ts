import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { runOne } from '../support/operations.ts';
import { describeWithRedis, startRedis, type RedisServer } from '../support/redis.ts';
import { startReplica, type Ending } from '../support/replica.ts';
import { readinessOf } from './log-lines.ts';

/** How a process on the sandbox ends that is started with this Redis. */
async function endingWith(REDIS_URL: string): Promise<Ending> {
  const replica = startReplica({ env: { PORT: '0', SHUTDOWN_DRAIN_MS: '0', REDIS_URL } });
  // One that starts after all would never end.
  void replica.listening().then(
    () => {
      replica.signal('SIGKILL');
    },
    () => undefined,
  );
  return replica.ended;
}

const code = 1;
const stdout = '';

describe('a REDIS_URL that is none', () => {
  it.each([
    ['redis://:hidden%@127.0.0.1', 'must have a password that decodes'],
    ['redis://:hidden@127.0.0.1/abc', 'must end in the number of a database'],
  ])('stops the start and says why, not what: %s', async (url, problem) => {
    const ending = await endingWith(url);
    expect(ending).toMatchObject({ code, stdout });
    expect(ending.stderr.split('\n')).toEqual([
      'The gateway cannot start with this configuration:',
      expect.stringContaining(`REDIS_URL: ${problem}`),
      '',
    ]);
    expect(ending.stderr).not.toMatch(/hidden|cret@/);
  });
});

describeWithRedis('a Redis that is not what REDIS_URL says', () => {
  let server: RedisServer;
  let cluster: RedisServer;
  let observer: Redis;
  beforeAll(async () => {
    [server, cluster] = await Promise.all([startRedis(), startRedis({ cluster: true })]);
    observer = new Redis(server.url);
    await observer.call('ACL', 'SETUSER', 'ann', 'on', '>hidden', '~*', '&*', '+@all', '-select');
  });
  afterAll(async () => {
    observer.disconnect();
    await Promise.all([server.close(), cluster.close()]);
  });

  it.each([
    ['has no such database', () => `${server.url}/99`, /does not let the gateway use database 99/],
    [
      'does not let its user select one',
      () => `${server.url.replace('://', '://ann:hidden@')}/3`,
      /does not let the gateway use database 3/,
    ],
    ['is a cluster', () => cluster.url, /is a Redis Cluster, which the gateway does not support/],
  ])('stops the start and says why: it %s', async (_, url, problem) => {
    const ending = await endingWith(url());
    expect(ending).toMatchObject({ code, stdout });
    expect(ending.stderr).toMatch(problem);
    expect(ending.stderr.trimEnd()).not.toContain('\n');
    expect(ending.stderr).not.toMatch(/hidden|ann/);
    expect(await observer.keys('*')).toEqual([]);
  });
});

describeWithRedis('two gateways on one Redis', () => {
  let server: RedisServer;
  let observer: Redis;
  let gateways: TestGateway[] = [];
  beforeAll(async () => {
    server = await startRedis();
    observer = new Redis(server.url);
  });
  beforeEach(() => observer.flushall());
  afterEach(async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()));
  });
  afterAll(async () => {
    observer.disconnect();
    await server.close();
  });

  async function start(environments: readonly Readonly<Record<string, string>>[]): Promise<void> {
    gateways = await Promise.all(
      environments.map((env) => startTestGateway({ env: { REDIS_URL: server.url, ...env } })),
    );
    for (const gateway of gateways) {
      gateway.upstream.seed({ id: 'ctx_1', user_id: 'ann' });
      await expect.poll(async () => (await readinessOf(gateway)).degraded).toEqual([]);
    }
  }

  /** Whether one more create of ann's is admitted at each, once she used up a burst at the first. */
  async function admittedAfterBurst(): Promise<boolean[]> {
    const admitted: boolean[] = [];
    for (const [i, gateway] of gateways.entries()) {
      const token = await gateway.tokenOf('ann');
      const create = async () => (await runOne(gateway, 'create', 'a', { token })).code;
      const codes = await Promise.all(Array.from({ length: i === 0 ? 10 : 1 }, create));
      if (i === 0) expect(codes).toEqual(codes.map(() => undefined));
      admitted.push((i === 0 ? await create() : codes[0]) !== 'RATE_LIMITED');
    }
    return admitted;
  }

  it('count together', async () => {
    await start([{}, {}]);
    expect(await admittedAfterBurst()).toEqual([false, false]);
  });

  it('do not meet where REDIS_KEY_PREFIX keeps them apart, whatever they do', async () => {
    await start([{}, { REDIS_KEY_PREFIX: 'staging/' }]);
    const heard: string[] = [];
    const monitor = await observer.duplicate().monitor();
    monitor.on('monitor', (_time: string, [command = '', ...args]: string[]) => {
      const [name = ''] = /^eval/i.test(command) ? args.slice(2) : args;
      if (/^(?:eval|evalsha|publish|subscribe|set|get|del)$/i.test(command)) heard.push(name);
    });
    expect(await admittedAfterBurst()).toEqual([false, true]);
    for (const gateway of gateways) {
      const token = await gateway.tokenOf('ann');
      expect(await runOne(gateway, 'update', 'ctx_1', { token })).toMatchObject({ id: 'ctx_1' });
    }
    await expect.poll(() => heard.some((name) => name.includes('lock:'))).toBe(true);
    monitor.disconnect();
    const [first, second] = ['execution-context-gateway:', 'staging/'];
    for (const name of [...heard, ...(await observer.keys('*'))]) {
      expect(name.startsWith(first) || name.startsWith(second) ? '' : name).toBe('');
    }
    expect(heard.some((name) => name.startsWith(first))).toBe(true);
    expect(heard.some((name) => name.startsWith(second))).toBe(true);
  }, 15_000);

  it('count in the database of the URL alone', async () => {
    const REDIS_URL = `${server.url}/7`;
    await start([{ REDIS_URL }]);
    expect(await admittedAfterBurst()).toEqual([false]);
    expect(await observer.keys('*')).toEqual([]);
    await observer.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    const [gateway] = gateways;
    if (gateway === undefined) throw new Error('It was started.');
    await expect
      .poll(async () => {
        await runOne(gateway, 'fetch', 'ctx_1', { token: await gateway.tokenOf('bob') });
        await observer.select(7);
        const keys = await observer.keys('*:read');
        await observer.select(0);
        return keys.length;
      })
      .toBe(1);
    expect(await observer.keys('*')).toEqual([]);
  });
});
