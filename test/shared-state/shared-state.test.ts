import { afterEach, describe, expect, it, vi } from 'vitest';

import { parseLimit } from '../../src/rate-limit/limit.ts';
import { createRateLimiter } from '../../src/rate-limit/limiter.ts';
import { parseRedisUrl } from '../../src/shared-state/redis-url.ts';
import { createSharedState, type SharedState } from '../../src/shared-state/shared-state.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { describeWithRedis, startRedis } from '../support/redis.ts';
import { observe } from './open-redis.ts';

const limit = parseLimit({ group: 'update', limits: [{ window: '60s', max: 5 }] });

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** What two environments, or none, share, with what it logs. */
async function share(url: string | null, keyPrefix?: string) {
  const lines: Record<string, unknown>[] = [];
  const destination = {
    write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  };
  const metrics = {
    uncounted: vi.fn(),
    storeDown: vi.fn(),
    storeUp: vi.fn(),
    lockedLocally: vi.fn(),
  };
  const shared: SharedState = await createSharedState({
    redis: url === null ? null : parseRedisUrl(url),
    keyPrefix,
    onStoreFailure: 'closed',
    logger: createLogger({ level: 'info', destination }),
    metrics,
  });
  closing.push(() => {
    shared.close();
  });
  const limiter = createRateLimiter({ store: shared.limits });
  const call = async () => limiter.decide('ann', limit, 1);
  return { shared, lines, metrics, call };
}

async function serve(options: readonly string[] = []) {
  const server = await startRedis({ options });
  closing.push(() => server.close());
  return server;
}

describe('what is shared by one process', () => {
  it('is in memory, where limits are decided at once', async () => {
    const { shared } = await share(null);
    await shared.start();
    const limiter = createRateLimiter({ store: shared.limits });
    expect(limiter.decide('ann', limit, 1)).toMatchObject({ admitted: true });
    expect(shared.redis).toBeNull();
  });
});

describeWithRedis('what is shared in Redis', () => {
  it('starts without a word where Redis is well', async () => {
    const { shared, lines, call } = await share((await serve()).url);
    await shared.start();
    await call();
    expect(shared.redis).toMatchObject({ healthy: true, cause: null });
    expect(lines).toEqual([]);
  });

  it('puts its prefix before all it writes, so that two environments do not meet', async () => {
    const server = await serve();
    const observer = await observe(server.url);
    closing.push(() => {
      observer.disconnect();
    });
    const staging = await share(server.url, 'staging:');
    const production = await share(server.url);
    for (const { shared, call } of [staging, production]) {
      await shared.start();
      for (let calls = 0; calls < 5; calls += 1) {
        expect(await call()).toMatchObject({ admitted: true });
      }
      expect(await call()).toMatchObject({ admitted: false });
    }
    const keys = await observer.keys('*');
    expect(keys.length).toBeGreaterThanOrEqual(2);
    for (const key of keys) expect(key).toMatch(/^(staging|execution-context-gateway):/);
  });

  it('tells of an outage once with its cause, again when the cause changes, and of its end', async () => {
    const server = await serve();
    const { port } = new URL(server.url);
    const { shared, lines, metrics, call } = await share(server.url);
    await shared.start();
    await server.stop();
    await vi.waitUntil(() => shared.redis?.cause === 'ECONNREFUSED', { timeout: 5_000 });
    for (let calls = 0; calls < 50; calls += 1) await call();
    await vi.waitUntil(() => lines.some(({ code }) => code === 'ECONNREFUSED'), { timeout: 5_000 });
    expect(lines[0]).toMatchObject({
      level: 'error',
      msg: 'Redis does not answer',
      host: '127.0.0.1',
      port: Number(port),
      onStoreFailure: 'closed',
    });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(lines.length).toBeLessThanOrEqual(2);
    expect(shared.redis).toMatchObject({ healthy: false, cause: 'ECONNREFUSED' });

    // The next one there does not know the gateway.
    const stranger = await startRedis({ port: Number(port), options: ['--requirepass', 'x'] });
    closing.push(() => stranger.close());
    await vi.waitUntil(() => lines.some(({ code }) => code === 'NOAUTH'), { timeout: 5_000 });
    const change = lines.find(({ code }) => code === 'NOAUTH');
    expect(change).toMatchObject({ msg: 'Redis is still away, for another reason now' });
    expect(change?.['failures']).toBeGreaterThan(0);

    await stranger.stop();
    await server.start();
    await vi.waitUntil(() => shared.redis?.healthy, { timeout: 10_000 });
    expect(lines.at(-1)).toMatchObject({ level: 'info', msg: 'Redis answers again' });
    expect(metrics.storeDown).toHaveBeenCalledOnce();
    expect(metrics.storeUp).toHaveBeenCalledOnce();
  });

  it('logs no password, whatever goes wrong with it', async () => {
    const server = await serve(['--requirepass', 'right-secret']);
    const { shared, lines, call } = await share(server.url.replace('://', '://ann:hidden-secret@'));
    await shared.start();
    await call();
    expect(lines).toMatchObject([{ msg: 'Redis does not answer', code: 'WRONGPASS' }]);
    expect(JSON.stringify(lines)).not.toMatch(/secret|ann/);
  });

  it('does not start with a database that Redis does not have, and says so', async () => {
    const { shared } = await share(`${(await serve()).url}/99`);
    await expect(shared.start()).rejects.toThrow(
      /127\.0\.0\.1:\d+ does not let the gateway use database 99/,
    );
  });

  it('knows that Redis is gone, also where nobody calls', async () => {
    const server = await serve();
    const { shared } = await share(server.url);
    await shared.start();
    await server.stop();
    await vi.waitUntil(() => shared.redis?.healthy === false, { timeout: 5_000 });
  });
});
