import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import {
  createForwardedOwnership,
  createOwnership,
} from '../../src/execution-contexts/ownership.ts';
import { askField, askFields, fields, mutationOf, queryOf } from '../support/fields.ts';
import { createClock } from '../support/clock.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { reply, replyError } from '../support/upstream-faults.ts';
import { createGate } from '../support/upstream-gate.ts';
import { alice } from '../support/users.ts';

let gateway: TestGateway;
let id: string;
let users = 0;
/** Two users nobody has seen before, so that no limit is near. */
let owner: string;
let stranger: string;

beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

beforeEach(() => {
  users += 1;
  id = `ctx_${users}`;
  owner = `owner-${users}`;
  stranger = `stranger-${users}`;
  gateway.upstream.seed({ id, agent_id: `agent-of-${owner}`, user_id: owner, context: 'private' });
  gateway.upstream.clear();
});

const asked = () => gateway.upstream.requests.map(({ method }) => method);

async function askAs(name: string, document: string) {
  return askField(gateway, document, { token: await gateway.tokenOf(name) });
}

async function askAsAdministrator(document: string) {
  return askField(gateway, document, { token: await gateway.freshToken() });
}

const update = () => mutationOf(fields.update(id));
const read = () => queryOf(fields.read(id));
const remove = () => mutationOf(fields.delete(id));
const forbidden = { __typename: 'ExecutionContextForbiddenError', code: 'FORBIDDEN' };

describe("the owner of a context, where the gateway's key goes upstream", () => {
  it('is asked for once: a second update costs no read', async () => {
    await askAs(owner, update());
    expect(asked()).toEqual(['GET', 'PUT']);
    expect(await askAs(owner, update())).toMatchObject({ id, context: { step: 2 } });
    expect(asked()).toEqual(['GET', 'PUT', 'PUT']);
  });

  it.each([
    ['a read', read],
    ['a list', () => queryOf(fields.list(`agent-of-${owner}`))],
  ])('is known from %s, so that the first update costs no further one', async (_, document) => {
    await askAs(owner, document());
    await askAs(owner, update());
    expect(asked()).toEqual(['GET', 'PUT']);
  });

  it('is asked for once by updates of one request', async () => {
    const token = await gateway.tokenOf(owner);
    await askFields(gateway, mutationOf(fields.update(id), fields.update(id)), { token });
    expect(asked()).toEqual(['GET', 'PUT', 'PUT']);
  });

  it('once known refuses others on a fresh answer, and nothing is written', async () => {
    await askAs(owner, read());
    gateway.upstream.clear();
    for (const document of [read(), update(), remove()]) {
      expect(await askAs(stranger, document)).toMatchObject(forbidden);
    }
    expect(asked()).toEqual(['GET', 'GET', 'GET']);
    expect(gateway.upstream.stored(id)).toMatchObject({ context: 'private' });
  });

  it('may become somebody else, who is let in at once', async () => {
    await askAs(owner, update());
    gateway.upstream.seed({ id, user_id: stranger });
    expect(await askAs(stranger, update())).toMatchObject({ id });
    expect(await askAs(owner, update())).toMatchObject(forbidden);
    expect(await askAs(owner, remove())).toMatchObject(forbidden);
    expect(gateway.upstream.stored(id)).toMatchObject({ user_id: stranger });
  });

  it('is told that a write was applied where the answer shows another one', async () => {
    await askAs(owner, update());
    gateway.upstream.seed({ id, user_id: stranger });
    expect(await askAs(owner, update())).toMatchObject({
      ...forbidden,
      message: expect.stringMatching(/The update was applied, .* another user/) as string,
    });
  });

  it('is asked for again by a write that has waited while an answer told otherwise', async () => {
    await askAs(owner, update());
    const gate = createGate();
    gateway.upstream.next(gate.hold());
    const first = askAs(owner, remove());
    await gate.reached(1);
    const second = askAs(owner, update());
    // Answered behind the second, which by then waits for the first.
    await askAs(owner, queryOf(fields.list(`agent-of-${owner}`)));
    gateway.upstream.seed({ id, user_id: stranger, context: 'theirs' });
    gate.open();
    expect(await first).toMatchObject(forbidden);
    const answer = await second;
    expect(answer).toMatchObject(forbidden);
    expect(answer['message']).not.toContain('applied');
    expect(gateway.upstream.stored(id)).toMatchObject({ context: 'theirs' });
  });

  it('is forgotten by an answer that does not name one', async () => {
    await askAs(owner, update());
    gateway.upstream.clear();
    gateway.upstream.always(reply(200, { id }));
    await askAs(owner, update());
    expect(asked()).toEqual(['PUT']);
    // An answer without the key says nothing of the owner: the next write asks.
    gateway.upstream.clear();
    await askAs(owner, update());
    expect(asked()).toEqual(['GET', 'PUT']);
  });

  it.each([
    ['by the gateway', createOwnership],
    ['by the API', createForwardedOwnership],
  ])('is remembered for a minute where it is checked %s, and for no longer', (_, create) => {
    const clock = createClock();
    const ownership = create({ isAdministrator: () => false, now: () => clock.now() });
    expect(ownership.mayTouchUnread(alice, id)).toBe(false);
    ownership.check(alice, { id, userId: 'alice' });
    clock.advance(59_999);
    expect(ownership.mayTouchUnread(alice, id)).toBe(true);
    clock.advance(1);
    expect(ownership.mayTouchUnread(alice, id)).toBe(false);
  });

  it('is read before a deletion, though it is remembered: the id may be another context by now', async () => {
    await askAs(owner, update());
    gateway.upstream.clear();
    expect(await askAs(owner, remove())).toMatchObject({ deletedId: id });
    expect(asked()).toEqual(['GET', 'DELETE']);
  });

  it('is asked for anew after the context was deleted', async () => {
    await askAs(owner, remove());
    gateway.upstream.seed({ id, user_id: stranger });
    gateway.upstream.clear();
    expect(await askAs(owner, read())).toMatchObject(forbidden);
    expect(await askAs(stranger, update())).toMatchObject({ id });
    expect(asked()).toEqual(['GET', 'PUT']);
  });

  it.each([
    [404, 'NOT_FOUND'],
    [410, 'NOT_FOUND'],
    [403, 'FORBIDDEN'],
  ])('is asked for anew once a read was answered with %i', async (status, code) => {
    await askAs(owner, read());
    gateway.upstream.next(replyError(status, 'no such context of yours'));
    expect(await askAs(owner, read())).toMatchObject({ code });
    // Created anew past the gateway, under the same id.
    gateway.upstream.seed({ id, user_id: stranger, context: 'theirs' });
    gateway.upstream.clear();
    expect(await askAs(owner, update())).toMatchObject(forbidden);
    expect(asked()).toEqual(['GET']);
    expect(gateway.upstream.stored(id)).toMatchObject({ context: 'theirs' });
  });

  it('is not learned from an answer that failed, and no write follows one', async () => {
    gateway.upstream.next(replyError(404, 'execution context not found'));
    expect(await askAs(owner, update())).toMatchObject({
      __typename: 'ExecutionContextNotFoundError',
      message: 'execution context not found',
    });
    expect(asked()).toEqual(['GET']);
    await askAs(owner, update());
    expect(asked()).toEqual(['GET', 'GET', 'PUT']);
  });

  it('is compared to the letter', async () => {
    for (const name of [owner.toUpperCase(), `${owner} `, `${owner}\u0000`]) {
      expect(await askAs(name, update())).toMatchObject(forbidden);
    }
    expect(asked()).not.toContain('PUT');
  });

  it('tells those refused neither who it is nor what is in the context', async () => {
    const answer = JSON.stringify(await askAs(stranger, read()));
    expect(answer).not.toContain(owner);
    expect(answer).not.toContain('private');
  });
});

describe.each([
  ['without a user_id', {}],
  ['whose user_id is null', { user_id: null }],
  ['whose user_id is empty', { user_id: '' }],
])('a context %s', (_, ownership) => {
  beforeEach(() => {
    gateway.upstream.seed({ id, agent_id: `agent-of-${owner}`, ...ownership });
  });

  it('is refused to users, known or not', async () => {
    for (const document of [read(), update(), remove(), read()]) {
      expect(await askAs(owner, document)).toMatchObject(forbidden);
    }
    expect(asked()).toEqual(['GET', 'GET', 'GET', 'GET']);
    const page = await askAs(owner, queryOf(fields.list(`agent-of-${owner}`)));
    expect(page).toMatchObject({ items: [] });
  });

  it('is for administrators', async () => {
    expect(await askAsAdministrator(read())).toMatchObject({ id });
    expect(await askAsAdministrator(update())).toMatchObject({ id });
    const page = await askAsAdministrator(queryOf(fields.list(`agent-of-${owner}`)));
    expect(page).toMatchObject({ items: [{ id }] });
    expect(await askAsAdministrator(remove())).toMatchObject({ deletedId: id });
  });
});

describe('a new context', () => {
  const ownerSent = () =>
    gateway.upstream.requests.map(({ body }) => (JSON.parse(body) as { user_id: unknown }).user_id);

  it("is the caller's where nobody is named, and where the caller is", async () => {
    await askAs(owner, mutationOf(fields.create()));
    await askAs(owner, mutationOf(fields.create(owner)));
    expect(ownerSent()).toEqual([owner, owner]);
  });

  it("is never somebody else's by a user", async () => {
    expect(await askAs(owner, mutationOf(fields.create(stranger)))).toMatchObject(forbidden);
    expect(asked()).toEqual([]);
  });

  it('is whose an administrator says', async () => {
    await askAsAdministrator(mutationOf(fields.create(owner)));
    expect(ownerSent()).toEqual([owner]);
  });

  it('can be updated by its owner at once: the API has named them', async () => {
    const { id: created } = await askAs(owner, mutationOf(fields.create()));
    gateway.upstream.clear();
    const result = await askAs(owner, mutationOf(fields.update(String(created))));
    expect(result).toMatchObject({ id: created });
    expect(asked()).toEqual(['PUT']);
  });
});

describe('a list', () => {
  const page = (name: string) =>
    askAs(
      name,
      `{ executionContexts(perPage: 2, agentId: "shared-${users}") {
      __typename ... on ExecutionContextPage { items { id } hasMore } } }`,
    );

  function seedShared(...userIds: string[]) {
    const agent_id = `shared-${users}`;
    gateway.upstream.seed(
      ...userIds.map((user_id, index) => ({
        id: `shared_${users}_${index}`,
        agent_id,
        user_id,
        created_at: new Date(Date.UTC(2025, 0, 31 - index)).toISOString(),
      })),
    );
  }

  it("is a page of the API's, of which others' contexts are left out", async () => {
    seedShared(stranger, owner);
    expect(await page(owner)).toMatchObject({
      items: [{ id: `shared_${users}_1` }],
      hasMore: false,
    });
    expect(gateway.upstream.requests.map(({ path }) => path)).toEqual([
      `/ai-execution-context?page=1&per_page=2&agent_id=shared-${users}`,
    ]);
  });

  it("says hasMore as the API does, even where nothing on the page is the caller's", async () => {
    seedShared(stranger, stranger, owner);
    expect(await page(owner)).toMatchObject({ items: [], hasMore: true });
    expect(asked()).toEqual(['GET']);
  });
});
