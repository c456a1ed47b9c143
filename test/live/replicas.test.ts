import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { dataOf } from '../support/ask.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { describeWithRedis, startRedis, type RedisServer } from '../support/redis.ts';
import { eventually, metric, watch, type EventReader } from './streams.ts';

const pollMs = 200;

describeWithRedis('replicas that share a Redis', () => {
  let redis: RedisServer;
  let replicas: TestGateway[];
  let token: string;
  const readers: EventReader[] = [];

  async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    const shared = { REDIS_URL: redis.url, LIVE_POLL_MS: String(pollMs), ...env };
    const first = await startTestGateway({ env: shared });
    const same = { UPSTREAM_URL: first.upstream.url, JWT_ISSUER: first.issuer.url };
    replicas = [first];
    while (replicas.length < 3) {
      replicas.push(await startTestGateway({ env: { ...shared, ...same } }));
    }
    token = await first.tokenOf('alice');
    store({ step: 1 });
    first.upstream.clear();
  }

  function replica(i: number): TestGateway {
    const found = replicas[i];
    if (found === undefined) throw new Error(`There is no replica ${i}.`);
    return found;
  }
  const upstream = () => replica(0).upstream;
  const reads = () => upstream().requests.filter(({ method }) => method === 'GET').length;

  /** Writes past the gateway, as an agent does. */
  function store(context: unknown, more: object = {}): void {
    const own = { id: 'ctx_1', user_id: 'alice', session_id: 's1', ...more };
    upstream().seed({ ...own, context });
  }

  async function open(i: number, as?: string): Promise<EventReader> {
    const reader = await watch(replica(i).url, 'ctx_1', { token: as ?? token });
    readers.push(reader);
    return reader;
  }

  async function openEach(count: number): Promise<EventReader[]> {
    const opened: EventReader[] = [];
    for (let i = 0; i < count; i += 1) {
      const administrator = await replica(0).issuer.token({
        sub: `administrator-${i}`,
        organization_permissions: ['execution_contexts:manage'],
      });
      opened.push(await open(i % 3, administrator));
    }
    for (const reader of opened) await reader.next();
    return opened;
  }

  beforeEach(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    for (const reader of readers.splice(0)) reader.leave();
    for (const each of [...replicas].reverse()) await each.close();
    await redis.close();
  });

  it('show a write through one of them at once to those who watch by another', async () => {
    await start({ LIVE_POLL_MS: '0' });
    const reader = await open(1);
    await reader.next();
    for (const [i, step] of [2, 3, 4].entries()) {
      const document = `mutation ($context: JSON) {
        updateExecutionContext(id: "ctx_1", input: { context: $context }) { __typename }
      }`;
      const answer = await replica(i).ask(document, { context: { step } }, { token });
      expect(dataOf(answer)).toMatchObject({
        updateExecutionContext: { __typename: 'AiExecutionContext' },
      });
      expect(await reader.next()).toMatchObject({ context: { step } });
    }
    await replica(2).ask(
      'mutation { deleteExecutionContext(id: "ctx_1") { __typename } }',
      {},
      {
        token,
      },
    );
    expect(await reader.rest()).toMatchObject([{ deletedId: 'ctx_1' }]);
  });

  it('cause one poll an interval with 24 watchers, all of whom see a write past the gateway', async () => {
    await start();
    const watching = await openEach(24);
    await sleep(2 * pollMs);
    const before = reads();
    await sleep(10 * pollMs);
    const polls = reads() - before;
    expect(polls).toBeGreaterThanOrEqual(8);
    expect(polls).toBeLessThanOrEqual(11);
    const storedAt = performance.now();
    store({ step: 2 });
    for (const reader of watching) {
      expect(await reader.next()).toMatchObject({ context: { step: 2 } });
    }
    expect(performance.now() - storedAt).toBeLessThan(pollMs + 200);
    for (const reader of watching) reader.leave();
    await sleep(pollMs);
    const left = reads();
    await sleep(3 * pollMs);
    expect(reads()).toBe(left);
  });

  it('go on polling when the one that polled has lost its watchers', async () => {
    await start();
    const watching = await openEach(3);
    for (let step = 2; step <= 3; step += 1) {
      watching.shift()?.leave();
      await sleep(2 * pollMs);
      store({ step });
      for (const reader of watching) {
        expect(await reader.next()).toMatchObject({ context: { step } });
      }
    }
  });

  it('end the streams of a former owner on all of them', async () => {
    await start();
    const watching = [await open(0), await open(1), await open(2)];
    for (const reader of watching) await reader.next();
    store({ step: 2 }, { user_id: 'bob' });
    for (const reader of watching) {
      expect(await reader.rest()).toMatchObject([{ code: 'FORBIDDEN' }]);
      expect(reader.text()).not.toContain('"step":2');
    }
  });

  it('end the stream of a former owner though the state is the same and another one polls', async () => {
    await start();
    const [administrators] = await openEach(1);
    const former = await open(1);
    await former.next();
    await sleep(2 * pollMs);
    store({ step: 1 }, { user_id: 'bob' });
    expect(await former.rest()).toMatchObject([{ code: 'FORBIDDEN' }]);
    store({ step: 2 }, { user_id: 'bob' });
    expect(await administrators?.next()).toMatchObject({ context: { step: 2 } });
  });

  it('read for each stream by itself with UPSTREAM_AUTH=forward', async () => {
    await start({ UPSTREAM_AUTH: 'forward' });
    const watching = [await open(0), await open(1)];
    for (const reader of watching) await reader.next();
    const document = `mutation {
      updateExecutionContext(id: "ctx_1", input: { context: { step: 2 } }) { __typename }
    }`;
    await replica(2).ask(document, {}, { token });
    for (const reader of watching) {
      expect(await reader.next()).toMatchObject({ context: { step: 2 } });
    }
  });

  it('charge nothing for streams that there is no room for, however many come at once', async () => {
    await start({ LIVE_STREAMS_PER_USER: '1' });
    const opened = await Promise.all(Array.from({ length: 10 }, () => open(0)));
    const first = await Promise.all(opened.map((reader) => reader.next()));
    const refused = first.filter((event) => event?.code === 'RATE_LIMITED');
    expect(refused).toHaveLength(9);
    for (const event of refused) expect(event).toMatchObject({ source: 'GATEWAY', limit: 1 });
    const list = '{ executionContexts { __typename } }';
    const answer = await replica(0).ask(list, {}, { token });
    expect(answer.headers.get('ratelimit')).toMatch(/"minute";r=98|"burst";r=1[89]/);
  });

  it('keep no room for a stream that the limit refuses', async () => {
    await start({ LIVE_STREAMS_PER_USER: '1' });
    const reads = Array.from({ length: 20 }, (_, i) => `r${i}: executionContexts { __typename }`);
    await replica(0).ask(`{ ${reads.join(' ')} }`, {}, { token });
    const refused = await open(0);
    expect(await refused.rest()).toMatchObject([{ code: 'RATE_LIMITED', limit: 20 }]);
    await sleep(1_100);
    expect(await (await open(0)).next()).toMatchObject({ context: { step: 1 } });
  });

  it('poll by themselves while Redis takes no writes, and together again afterwards', async () => {
    await start();
    const [reader, other] = [await open(0), await open(1)];
    await reader.next();
    await other.next();
    const admin = new Redis(redis.url);
    // From now on every script that writes is answered with OOM.
    await admin.config('SET', 'maxmemory', '1');
    store({ step: 2 });
    expect(await reader.next()).toMatchObject({ context: { step: 2 } });
    expect(await other.next()).toMatchObject({ context: { step: 2 } });
    // The other replica may have polled first, and told this one by an event.
    await expect.poll(() => replica(0).logs(), { timeout: 5_000 }).toMatch(/"code":"OOM".*a lease/);
    const ready = async () => (await fetch(`${replica(0).url}/ready`)).text();
    await expect.poll(ready, { timeout: 5_000 }).toContain('OOM');
    await admin.config('SET', 'maxmemory', '0');
    admin.disconnect();
    await sleep(3 * pollMs);
    const before = reads();
    await sleep(6 * pollMs);
    // One of them polls for all again.
    expect(reads() - before).toBeLessThanOrEqual(7);
    store({ step: 3 });
    expect(await reader.next()).toMatchObject({ context: { step: 3 } });
  });

  it('end streams with a typed error when Redis is lost, and open them again when it is back', async () => {
    await start();
    const reader = await open(0);
    await reader.next();
    await redis.stop();
    expect(await reader.rest()).toMatchObject([{ code: 'UPSTREAM_UNAVAILABLE' }]);
    expect(await reader.ended()).toBe(true);
    const refused = await open(0);
    expect(await refused.rest()).toMatchObject([{ code: 'UPSTREAM_UNAVAILABLE' }]);
    expect(await metric(replica(0).url, 'gateway_streams_open')).toBe(0);

    await redis.start();
    const first = await eventually(async () => {
      const again = await open(0);
      const event = await again.next();
      return event?.__typename;
    }, 'AiExecutionContext');
    expect(first).toBe('AiExecutionContext');
  });
});
