import { afterAll, beforeAll, expect, it } from 'vitest';

import { askFields, fields, mutationOf, queryOf, type FieldResult } from '../support/fields.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { describeWithRedis, startRedis, type RedisServer } from '../support/redis.ts';

describeWithRedis('three gateways on one Redis', () => {
  let redis: RedisServer;
  let gateways: TestGateway[];
  let users = 0;

  beforeAll(async () => {
    redis = await startRedis();
    const env = { REDIS_URL: redis.url, RATE_LIMIT_ON_STORE_FAILURE: 'closed' };
    gateways = await Promise.all([1, 2, 3].map(() => startTestGateway({ env })));
    for (const gateway of gateways) gateway.upstream.seed({ id: 'ctx_1', user_id: 'user' });
  });
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()));
    await redis.close();
  });

  /** Many requests at once to each gateway, all of one user nobody has seen before. */
  async function overload(document: string, requests: number): Promise<FieldResult[]> {
    users += 1;
    const answers = gateways.flatMap(async (gateway) => {
      const token = await gateway.tokenOf(`user-${users}`);
      return Promise.all(
        Array.from({ length: requests }, () => askFields(gateway, document, { token })),
      );
    });
    return (await Promise.all(answers)).flat().flatMap(({ results }) => results);
  }

  const isAdmitted = ({ code }: FieldResult) => code !== 'RATE_LIMITED';
  /** Where Redis did not answer within its 50 ms: such calls are refused, and prove nothing. */
  const isUncounted = ({ code, limit }: FieldResult) => code === 'RATE_LIMITED' && limit === null;

  it.each([
    ['updates', mutationOf(fields.update('ctx_1')), 10],
    ['creates', mutationOf(fields.create()), 10],
    ['reads', queryOf(fields.read('ctx_1')), 20],
    [
      'updates by ten of a request',
      mutationOf(...Array.from({ length: 10 }, () => fields.update('ctx_1'))),
      10,
    ],
  ])('admit together what one may, of %s', async (_, document, max) => {
    // A machine that is busy with other things may hold Redis up. Never are more admitted; once
    // every call is counted, never fewer.
    for (;;) {
      const startedAt = performance.now();
      const results = await overload(document, 20);
      const isWithinOneSecond = performance.now() - startedAt < 1000;
      const admitted = results.filter(isAdmitted).length;
      if (!isWithinOneSecond) continue;
      expect(admitted).toBeLessThanOrEqual(max);
      if (results.some(isUncounted)) continue;
      expect(admitted).toBe(max);
      return;
    }
  });
});
