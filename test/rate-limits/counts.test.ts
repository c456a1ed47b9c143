import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createClock } from '../support/clock.ts';
import { askFields, fields, mutationOf, queryOf, type FieldResult } from '../support/fields.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const clock = createClock();
let gateway: TestGateway;
let users = 0;
let user: string;
let id: string;
let token: string;

beforeAll(async () => {
  gateway = await startTestGateway({ clock });
});
afterAll(() => gateway.close());

beforeEach(async () => {
  users += 1;
  user = `user-${users}`;
  id = `ctx_${users}`;
  token = await gateway.tokenOf(user);
  gateway.upstream.seed({ id, user_id: user });
  gateway.upstream.clear();
});

const times = (count: number, field: string) => Array.from({ length: count }, () => field);
const isRefused = ({ __typename }: FieldResult) => __typename === 'ExecutionContextRateLimitError';
const admittedOf = (results: readonly FieldResult[]) =>
  results.filter((result) => !isRefused(result));

async function ask(document: string, as = token): Promise<readonly FieldResult[]> {
  const { status, results } = await askFields(gateway, document, { token: as });
  expect(status).toBe(200);
  return results;
}

/** A hundred requests at the same time. */
async function askAtOnce(document: string): Promise<readonly FieldResult[]> {
  return (await Promise.all(times(100, document).map((each) => ask(each)))).flat();
}

const putsAndDeletes = () =>
  gateway.upstream.requests.filter(({ method }) => method === 'PUT' || method === 'DELETE');

describe.each([
  ['updateExecutionContext', () => mutationOf(...times(100, fields.update(id))), 10],
  ['createExecutionContext', () => mutationOf(...times(100, fields.create())), 10],
  ['deleteExecutionContext', () => mutationOf(...times(100, fields.delete(id))), 10],
  ['executionContext', () => queryOf(...times(100, fields.read(id))), 20],
  ['executionContexts', () => queryOf(...times(100, fields.list('agent'))), 20],
] as const)('of a hundred %s', (_, document, max) => {
  it(`in one request, exactly ${max} are admitted: the first`, async () => {
    const results = await ask(document());
    expect(results).toHaveLength(100);
    expect(results.slice(0, max).some(isRefused)).toBe(false);
    expect(results.slice(max).every(isRefused)).toBe(true);
  });
});

describe.each([
  ['updates', () => mutationOf(fields.update(id)), 10],
  ['creates', () => mutationOf(fields.create()), 10],
  ['deletes', () => mutationOf(fields.delete(id)), 10],
  ['reads', () => queryOf(fields.read(id)), 20],
  ['lists', () => queryOf(fields.list('agent')), 20],
  ['queries of three reads each', () => queryOf(...times(3, fields.read(id))), 20],
] as const)('of a hundred requests at once with %s', (_, document, max) => {
  it(`exactly ${max} calls are admitted`, async () => {
    expect(admittedOf(await askAtOnce(document()))).toHaveLength(max);
  });
});

describe('what is counted together', () => {
  it('are updates and deletes, in any order and however they come', async () => {
    const mixed = times(10, fields.update(id)).flatMap((update) => [update, fields.delete('none')]);
    expect(admittedOf(await ask(mutationOf(...mixed)))).toHaveLength(10);
    expect(putsAndDeletes().length).toBeLessThanOrEqual(10);
    expect(admittedOf(await askAtOnce(mutationOf(fields.update(id))))).toHaveLength(0);
  });

  it('are reads and lists', async () => {
    const mixed = times(15, fields.read(id)).flatMap((read) => [read, fields.list('agent')]);
    expect(admittedOf(await ask(queryOf(...mixed)))).toHaveLength(20);
  });

  it('are not updates, creates and reads', async () => {
    expect(admittedOf(await ask(mutationOf(...times(20, fields.update(id)))))).toHaveLength(10);
    expect(admittedOf(await ask(mutationOf(...times(20, fields.create()))))).toHaveLength(10);
    expect(admittedOf(await ask(queryOf(...times(30, fields.read(id)))))).toHaveLength(20);
  });

  it('are the calls of one user under any token, and of nobody else', async () => {
    const updates = mutationOf(...times(10, fields.update(id)));
    const renewed = await gateway.issuer.token({ sub: user, sid: 'another-session' });
    expect(admittedOf(await ask(updates))).toHaveLength(10);
    expect(admittedOf(await ask(updates, renewed))).toHaveLength(0);
    const other = await gateway.tokenOf(`${user}-too`);
    expect(admittedOf(await ask(updates, other))).toHaveLength(10);
  });

  it('are calls through fragments, and through fields without an alias', async () => {
    const document = `mutation { ...Ten ...Ten ...Five }
      fragment Ten on Mutation { ${times(8, fields.update(id))
        .map((field, index) => `ten${index}: ${field}`)
        .join(' ')} }
      fragment Five on Mutation { ${times(5, fields.update(id))
        .map((field, index) => `five${index}: ${field}`)
        .join(' ')} }
      fragment UpdateExecutionContextResult on UpdateExecutionContextResult { __typename }`;
    // A field that is selected twice in the same way is one field, which is run once.
    const results = await ask(document);
    expect(results).toHaveLength(13);
    expect(admittedOf(results)).toHaveLength(10);
  });
});

describe('what is refused', () => {
  it('does not reach the API', async () => {
    await askAtOnce(mutationOf(fields.update(id)));
    expect(putsAndDeletes()).toHaveLength(10);
  });

  it('costs nothing: the next second admits ten again, however many were refused', async () => {
    const updates = mutationOf(...times(100, fields.update(id)));
    for (let second = 0; second < 5; second += 1) {
      expect(admittedOf(await ask(updates))).toHaveLength(10);
      clock.advance(1000);
    }
    expect(admittedOf(await ask(updates))).toHaveLength(0);
  });
});
