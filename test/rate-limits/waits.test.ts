import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createClock } from '../support/clock.ts';
import { askField, askFields, fields, mutationOf, queryOf } from '../support/fields.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const clock = createClock();
let gateway: TestGateway;
let users = 0;
let id: string;
let token: string;

beforeAll(async () => {
  gateway = await startTestGateway({ clock });
});
afterAll(() => gateway.close());

beforeEach(async () => {
  users += 1;
  id = `ctx_${users}`;
  token = await gateway.tokenOf(`user-${users}`);
  gateway.upstream.seed({ id, user_id: `user-${users}` });
});

const operations = {
  update: () => mutationOf(fields.update(id)),
  delete: () => mutationOf(fields.delete('none')),
  create: () => mutationOf(fields.create()),
  read: () => queryOf(fields.read(id)),
  list: () => queryOf(fields.list('agent')),
};

async function callTimes(operation: keyof typeof operations, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await call(operation);
}

const call = (operation: keyof typeof operations) =>
  askField(gateway, operations[operation](), { token });

const refusal = (limit: number, windowMs: number, retryAfterMs: number) => ({
  __typename: 'ExecutionContextRateLimitError',
  code: 'RATE_LIMITED',
  source: 'GATEWAY',
  limit,
  windowMs,
  retryAfterMs,
});
const admitted = { __typename: expect.not.stringContaining('RateLimit') as string };

describe.each([
  ['update', 10],
  ['delete', 10],
  ['create', 10],
  ['read', 20],
  ['list', 20],
] as const)('a refused %s', (operation, max) => {
  it('is admitted after exactly the wait it was told, and not a millisecond before', async () => {
    await callTimes(operation, 1);
    clock.advance(137);
    await callTimes(operation, max - 1);
    clock.advance(250);
    expect(await call(operation)).toMatchObject(refusal(max, 1000, 613));
    clock.advance(612);
    expect(await call(operation)).toMatchObject(refusal(max, 1000, 1));
    clock.advance(1);
    expect(await call(operation)).toMatchObject(admitted);
    // The others came 137 ms after the first.
    expect(await call(operation)).toMatchObject(refusal(max, 1000, 137));
  });
});

describe('the minute', () => {
  /** Uses up all fifty updates of a minute, ten a second, and stops with the last second full. */
  async function fillMinute() {
    for (let second = 0; second < 5; second += 1) {
      if (second > 0) clock.advance(1000);
      await callTimes('update', 10);
    }
  }

  it('is what a call waits for where the second is full too: the longest wait counts', async () => {
    await fillMinute();
    // The second is full for 1000 ms more, the minute for 56000.
    expect(await call('update')).toMatchObject(refusal(50, 60_000, 56_000));
    clock.advance(55_999);
    expect(await call('update')).toMatchObject(refusal(50, 60_000, 1));
    clock.advance(1);
    expect(await call('update')).toMatchObject(admitted);
  });

  it('slides: what leaves it makes room for just as much', async () => {
    await fillMinute();
    clock.advance(56_000);
    const { results } = await askFields(
      gateway,
      mutationOf(...Array.from({ length: 20 }, () => fields.update(id))),
      { token },
    );
    const refusedBy = results.map(({ limit }) => limit ?? null);
    // The ten of the first second have left. Now both windows refuse, and both for a second.
    expect(refusedBy.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => null));
    expect(results.slice(10).every(({ retryAfterMs }) => retryAfterMs === 1000)).toBe(true);
  });

  it('is not shortened by asking again and again', async () => {
    await fillMinute();
    for (let second = 0; second < 56; second += 1) {
      expect(await call('update')).toMatchObject({ retryAfterMs: 56_000 - second * 1000 });
      clock.advance(1000);
    }
    expect(await call('update')).toMatchObject(admitted);
  });
});
