import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { askField, askFields, fields, mutationOf, queryOf } from '../support/fields.ts';
import { apiKey, startTestGateway, type TestGateway } from '../support/gateway.ts';
import type { Answer } from '../support/upstream-exchange.ts';
import { passThrough, reply, replyError } from '../support/upstream-faults.ts';
import { createGate } from '../support/upstream-gate.ts';

const operations = {
  read: queryOf(fields.read('ctx_1')),
  list: queryOf(fields.list('agent_of_carol')),
  update: mutationOf(fields.update('ctx_1')),
  create: mutationOf(fields.create('bob')),
  delete: mutationOf(fields.delete('ctx_1')),
} as const;
const everyOperation = Object.entries(operations);

let gateway: TestGateway;
let users = 0;
let alice: string;
let bob: string;

beforeAll(async () => {
  gateway = await startTestGateway({ env: { UPSTREAM_AUTH: 'forward' } });
});
afterAll(() => gateway.close());

beforeEach(async () => {
  users += 1;
  gateway.upstream.clear();
  gateway.upstream.seed({
    id: 'ctx_1',
    agent_id: 'agent_of_carol',
    user_id: 'carol',
    context: 'private',
  });
  alice = await gateway.tokenOf(`alice-${users}`);
  bob = await gateway.tokenOf(`bob-${users}`);
});

const asked = () => gateway.upstream.requests.map(({ method }) => method);
const credentials = () => gateway.upstream.requests.map(({ headers }) => headers.authorization);

/** What an API does that lets one caller in and nobody else. */
function onlyFor(token: string, answer: Answer = passThrough()): Answer {
  return (exchange) =>
    exchange.request.headers.authorization === `Bearer ${token}`
      ? answer(exchange)
      : replyError(403, 'not your execution context')(exchange);
}

describe("where the caller's token goes upstream", () => {
  it.each([
    ['read', ['GET']],
    ['list', ['GET']],
    ['create', ['POST']],
    ['update', ['GET', 'PUT']],
    ['delete', ['GET', 'DELETE']],
  ] as const)('%s is %j with that token and no other', async (operation, methods) => {
    await askField(gateway, operations[operation], { token: alice });
    expect(asked()).toEqual(methods);
    expect(new Set(credentials())).toEqual(new Set([`Bearer ${alice}`]));
  });

  it('the key of the gateway is never sent, though there is one', async () => {
    for (const [, document] of everyOperation) await askField(gateway, document, { token: alice });
    expect(JSON.stringify(gateway.upstream.requests)).not.toContain(apiKey);
  });

  it.each(everyOperation)(
    "a 401 for %s is the caller's authentication error",
    async (_, document) => {
      gateway.upstream.next(replyError(401, 'session revoked by host db-3'));
      const result = await askField(gateway, document, { token: alice });
      expect(result).toMatchObject({
        __typename: 'ExecutionContextAuthenticationError',
        code: 'UNAUTHENTICATED',
      });
      expect(result['message']).not.toContain('db-3');
      expect(asked()).toHaveLength(1);
    },
  );

  it.each(everyOperation)(
    "a 403 for %s is the API's refusal in its own words",
    async (_, document) => {
      gateway.upstream.next(replyError(403, 'not your execution context'));
      expect(await askField(gateway, document, { token: alice })).toMatchObject({
        __typename: 'ExecutionContextForbiddenError',
        message: 'not your execution context',
      });
    },
  );

  it.each(everyOperation)('a bad token for %s is refused before the API', async (_, document) => {
    const token = await gateway.issuer.token({ exp: 1 });
    expect(await askField(gateway, document, { token })).toMatchObject({
      __typename: 'ExecutionContextAuthenticationError',
    });
    expect(asked()).toEqual([]);
  });

  it('the API decides who owns what: no list is filtered', async () => {
    expect(await askField(gateway, operations.list, { token: alice })).toMatchObject({
      items: [{ id: 'ctx_1' }],
    });
  });

  it.each([
    ['read', ['GET', 'PUT', 'PUT', 'DELETE']],
    ['update', ['GET', 'PUT', 'PUT', 'PUT', 'DELETE']],
  ] as const)('a caller who was let %s lately need not read before a write', async (first, all) => {
    for (const operation of [first, 'update', 'update', 'delete'] as const) {
      expect(await askField(gateway, operations[operation], { token: alice })).not.toHaveProperty(
        'code',
      );
    }
    expect(asked()).toEqual(all);
  });

  it('a write that the API refuses is read before the next time', async () => {
    await askField(gateway, operations.read, { token: alice });
    gateway.upstream.clear();
    gateway.upstream.always(replyError(403, 'not any more'));
    for (const method of ['PUT', 'GET', 'GET']) {
      expect(await askField(gateway, operations.update, { token: alice })).toMatchObject({
        message: 'not any more',
      });
      expect(asked().at(-1)).toBe(method);
    }
  });

  it.each([
    ['403', 403],
    ['401', 401],
    ['404', 404],
  ])('a caller whose read was answered with %s takes no lock unread', async (_, status) => {
    await askField(gateway, operations.read, { token: alice });
    await askField(gateway, operations.read, { token: bob });
    gateway.upstream.next(replyError(status, 'not any more'));
    await askField(gateway, operations.read, { token: alice });
    gateway.upstream.clear();
    await askField(gateway, operations.update, { token: alice });
    expect(asked()).toEqual(['GET', 'PUT']);
    // What one caller is told says nothing of another.
    gateway.upstream.clear();
    await askField(gateway, operations.update, { token: bob });
    expect(asked()).toEqual(['PUT']);
  });

  it('a refusal of one caller is not remembered of another', async () => {
    await askField(gateway, operations.read, { token: bob });
    await askField(gateway, operations.read, { token: alice });
    for (const method of ['PUT', 'GET'] as const) {
      gateway.upstream.next(replyError(403, 'not any more'));
      await askField(gateway, operations.update, { token: alice });
      expect(asked().at(-1)).toBe(method);
    }
    gateway.upstream.clear();
    await askField(gateway, operations.update, { token: bob });
    expect(asked()).toEqual(['PUT']);
  });

  it("a new context is the caller's, or whose the caller asks for", async () => {
    await askField(gateway, mutationOf(fields.create()), { token: alice });
    await askField(gateway, mutationOf(fields.create('dave')), { token: alice });
    const owners = gateway.upstream.requests.map(({ body }) => JSON.parse(body) as object);
    expect(owners).toMatchObject([{ user_id: `alice-${users}` }, { user_id: 'dave' }]);
  });
});

describe('between callers, where their tokens go upstream,', () => {
  it('what one may read is asked for anew for the other, and refused', async () => {
    gateway.upstream.always(onlyFor(alice));
    expect(await askField(gateway, operations.read, { token: alice })).toMatchObject({
      context: 'private',
    });
    expect(await askField(gateway, operations.read, { token: bob })).toMatchObject({
      __typename: 'ExecutionContextForbiddenError',
    });
    expect(credentials()).toEqual([`Bearer ${alice}`, `Bearer ${bob}`]);
  });

  it('a refusal of one is not taken for an answer to the other', async () => {
    gateway.upstream.always(onlyFor(alice));
    await askField(gateway, operations.update, { token: bob });
    expect(await askField(gateway, operations.update, { token: alice })).toMatchObject({
      context: { step: 2 },
    });
    expect(credentials()).toEqual([`Bearer ${bob}`, `Bearer ${alice}`, `Bearer ${alice}`]);
  });

  it('a stranger whose writes hang holds up nobody else', async () => {
    const gate = createGate();
    // Somebody else has written lately: that says nothing for the stranger.
    await askField(gateway, operations.update, { token: alice });
    gateway.upstream.always(async (exchange) => {
      const isAlice = exchange.request.headers.authorization === `Bearer ${alice}`;
      await (isAlice ? passThrough() : gate.hold(replyError(403, 'not yours')))(exchange);
    });
    const strangers = [operations.update, operations.delete].map((document) =>
      askField(gateway, document, { token: bob }),
    );
    await gate.reached(2);
    expect(await askField(gateway, operations.update, { token: alice })).toMatchObject({
      context: { step: 2 },
    });
    gate.open();
    for (const result of await Promise.all(strangers)) {
      expect(result).toMatchObject({ message: 'not yours' });
    }
  });

  it('of those whom the API lets write, each reads once and is known beside the others', async () => {
    for (const token of [alice, bob, alice, bob]) {
      await askField(gateway, operations.update, { token });
    }
    expect(asked()).toEqual(['GET', 'PUT', 'GET', 'PUT', 'PUT', 'PUT']);
  });

  it('reads of one id at the same time are two calls with two answers', async () => {
    const gate = createGate();
    gateway.upstream.always(gate.hold(onlyFor(alice)));
    const answers = Promise.all(
      [alice, bob].map((token) => askField(gateway, operations.read, { token })),
    );
    await gate.reached(2);
    gate.open();
    expect(await answers).toMatchObject([
      { __typename: 'AiExecutionContext' },
      { __typename: 'ExecutionContextForbiddenError' },
    ]);
  });

  it('a revoked token is refused by the API though the gateway still takes it', async () => {
    await askField(gateway, operations.read, { token: alice });
    gateway.upstream.always(reply(401));
    expect(await askField(gateway, operations.read, { token: alice })).toMatchObject({
      __typename: 'ExecutionContextAuthenticationError',
    });
  });

  it('reads of one id in one request are one call of that caller', async () => {
    const document = queryOf(fields.read('ctx_1'), fields.read('ctx_1'));
    const { results } = await askFields(gateway, document, { token: alice });
    expect(results).toHaveLength(2);
    expect(credentials()).toEqual([`Bearer ${alice}`]);
  });
});
