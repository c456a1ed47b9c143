import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { askFields, fields, mutationOf, type FieldResult } from '../support/fields.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { describeWithRedis, startRedis, type RedisServer } from '../support/redis.ts';

describeWithRedis('a gateway that loses Redis in the middle of load', () => {
  let redis: RedisServer;
  let gateway: TestGateway;
  let users = 0;

  beforeEach(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    await gateway.close();
    await redis.close();
  });

  async function start(policy: string): Promise<void> {
    const env = { REDIS_URL: redis.url, RATE_LIMIT_ON_STORE_FAILURE: policy };
    gateway = await startTestGateway({ env });
    gateway.upstream.seed({ id: 'ctx_1', user_id: 'user' });
  }

  /** Thirty updates of a user nobody has seen before, in three requests at once. */
  async function burst(): Promise<readonly FieldResult[]> {
    users += 1;
    const token = await gateway.tokenOf(`user-${users}`);
    const document = mutationOf(...Array.from({ length: 10 }, () => fields.update('ctx_1')));
    const answers = await Promise.all([1, 2, 3].map(() => askFields(gateway, document, { token })));
    for (const { status, headers } of answers) {
      expect(status).toBe(200);
      expect(headers.get('ratelimit-policy')).toBe('"minute";q=50;w=60, "burst";q=10;w=1');
      expect(headers.has('retry-after')).toBe(false);
    }
    return answers.flatMap(({ results }) => results);
  }

  const admittedOf = (results: readonly FieldResult[]) =>
    results.filter(({ code }) => code === 'FORBIDDEN').length;

  /**
   * That ten of a burst are admitted. Where the machine is busy with other things, a burst may take
   * longer than the second it is counted in, or Redis longer than its 50 ms: then the next tells.
   */
  async function countsExactly(): Promise<void> {
    await vi.waitFor(
      async () => {
        expect(admittedOf(await burst())).toBe(10);
      },
      { timeout: 10_000 },
    );
  }

  async function ready(): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${gateway.url}/ready`);
    return { status: response.status, body: await response.json() };
  }

  /** Waits until the gateway says that nothing is degraded. */
  async function recovered(): Promise<void> {
    await vi.waitFor(
      async () => {
        expect(await ready()).toMatchObject({ status: 200, body: { degraded: [] } });
      },
      { timeout: 15_000, interval: 50 },
    );
  }

  async function stopUnderLoad(): Promise<readonly FieldResult[]> {
    const load = Promise.all(Array.from({ length: 20 }, () => burst()));
    await redis.stop();
    return (await load).flat();
  }

  const uncounted = {
    __typename: 'ExecutionContextRateLimitError',
    source: 'GATEWAY',
    retryAfterMs: 1000,
    limit: null,
    windowMs: null,
  };
  const aboutRedis = [expect.stringMatching(/^redis/i) as string];

  describe('under local', () => {
    it('answers every request and goes on counting by itself, and by Redis again', async () => {
      await start('local');
      await recovered();
      const during = await stopUnderLoad();
      expect(during).toHaveLength(600);
      for (const { code } of during) expect(['FORBIDDEN', 'RATE_LIMITED']).toContain(code);

      await countsExactly();
      expect(await ready()).toMatchObject({
        status: 200,
        body: { ready: true, degraded: aboutRedis },
      });

      await redis.start();
      await recovered();
      await countsExactly();
      const said = gateway.logs().match(/Redis (does not answer|answers again)/g);
      expect(said?.filter((line) => line === 'Redis does not answer')).toHaveLength(
        said?.filter((line) => line === 'Redis answers again').length ?? 0,
      );
    });

    it('starts without Redis and finds it later', async () => {
      await redis.stop();
      await start('local');
      await countsExactly();
      expect(await ready()).toMatchObject({ status: 200, body: { degraded: aboutRedis } });
      await redis.start();
      await recovered();
    });
  });

  describe('under closed', () => {
    it('answers every request, refuses what nobody can count, and counts again', async () => {
      await start('closed');
      await recovered();
      const during = await stopUnderLoad();
      expect(during).toHaveLength(600);
      for (const { code } of during) expect(['FORBIDDEN', 'RATE_LIMITED']).toContain(code);

      gateway.upstream.clear();
      for (const result of await burst()) expect(result).toMatchObject(uncounted);
      expect(gateway.upstream.requests).toEqual([]);
      expect(await ready()).toMatchObject({
        status: 503,
        body: { ready: false, reasons: aboutRedis },
      });

      await redis.start();
      await recovered();
      await countsExactly();
    });

    it('starts without Redis, refuses, and is ready once there is one', async () => {
      await redis.stop();
      await start('closed');
      for (const result of await burst()) expect(result).toMatchObject(uncounted);
      expect(await ready()).toMatchObject({ status: 503 });
      await redis.start();
      await recovered();
    });
  });
});
