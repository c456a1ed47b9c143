import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { runOne } from '../support/operations.ts';
import { reply } from '../support/upstream-faults.ts';

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const whole = { id: 'ctx_1', context: { step: 1 }, created_at: '2025-01-01T00:00:00Z' };
const malformed = { code: 'UPSTREAM_FAILED', status: 200, retryable: false };

const noDate = { context: { step: 1 }, createdAt: null };

/** A 200 that is not the context asked for. */
const notTheContext: Readonly<Record<string, unknown>> = {
  'no id': { context: {} },
  'an id that is null': { ...whole, id: null },
  'an id that is a number': { ...whole, id: 1 },
  'an id that is a huge number': '{"id":12345678901234567890}',
  'an id that is empty': { ...whole, id: '' },
  'another id': { ...whole, id: 'ctx_2' },
  'the id in another case': { ...whole, id: 'CTX_1' },
  'an array of it': [whole],
  'an envelope around it': { data: whole },
  'a string': '"ctx_1"',
  'a number': '1',
  null: 'null',
  'an id by inheritance': '{"__proto__":{"id":"ctx_1"}}',
  'an agent that is a number': { ...whole, agent_id: 7 },
  'a workflow that is an object': { ...whole, workflow_id: {} },
  'a user that is a boolean': { ...whole, user_id: false },
  'a session that is an array': { ...whole, session_id: [] },
  'a date that is a number': { ...whole, created_at: 1735689600 },
  'a context 129 levels deep': `{"id":"ctx_1","context":${nested(129)}}`,
  'a context 20,000 levels deep': `{"id":"ctx_1","context":${nested(20_000)}}`,
  'an exact context 129 levels deep': `{"id":"ctx_1","context":{"n":1e400,"a":${nested(128)}}}`,
  'a list': { data: [whole], has_more: false },
};

/** What is a context, for all its oddities, and the fields that it makes. */
const odd: Readonly<Record<string, readonly [unknown, object]>> = {
  'only an id': [
    { id: 'ctx_1' },
    {
      agentId: null,
      workflowId: null,
      userId: null,
      sessionId: null,
      context: null,
      createdAt: null,
    },
  ],
  'keys that are null': [
    '{"id":"ctx_1","agent_id":null,"context":null,"created_at":null}',
    { agentId: null, context: null, createdAt: null },
  ],
  'keys nobody knows': [{ ...whole, version: 2, tags: ['a'] }, { context: { step: 1 } }],
  'strings that are empty': [{ ...whole, session_id: '' }, { sessionId: '' }],
  'a context that is false': [{ ...whole, context: false }, { context: false }],
  'a context that is a string': [{ ...whole, context: '' }, { context: '' }],
  'a context 128 levels deep': [
    `{"id":"ctx_1","context":${nested(128)}}`,
    { context: JSON.parse(nested(128)) as unknown },
  ],
  'a date to the nanosecond': [
    { ...whole, created_at: '2025-01-01T00:00:00.123456789+02:00' },
    { createdAt: '2025-01-01T00:00:00.123456789+02:00' },
  ],
  'a date that is empty': [{ ...whole, created_at: '' }, noDate],
  'a date in another form': [{ ...whole, created_at: '1 Jan 2025' }, noDate],
  'a date without a zone': [{ ...whole, created_at: '2025-01-01T00:00:00' }, noDate],
  'a zone without a colon': [{ ...whole, created_at: '2025-01-01T00:00:00+0000' }, noDate],
  'a day that never was': [{ ...whole, created_at: '2025-02-30T00:00:00Z' }, noDate],
  'a byte order mark': [`\uFEFF${JSON.stringify(whole)}`, { context: { step: 1 } }],
};

const notThePage: Readonly<Record<string, unknown>> = {
  'an array': [whole],
  'no data': { has_more: false },
  'data that is an object': { data: whole, has_more: false },
  'no has_more': { data: [whole] },
  'has_more that is no boolean': { data: [whole], has_more: 'false' },
  'one item without an id': { data: [whole, { context: 1 }], has_more: false },
  'one item that is null': { data: [whole, null], has_more: false },
};

describe('a success of the API', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(() => gateway.close());
  beforeEach(() => {
    gateway.upstream.clear();
  });

  it.each(Object.entries(notTheContext))(
    'is a failure where it is not the context: %s',
    async (_, body) => {
      gateway.upstream.always(reply(200, body));
      expect(await runOne(gateway, 'fetch')).toMatchObject(malformed);
      expect(await runOne(gateway, 'update')).toMatchObject(malformed);
    },
  );

  it.each(Object.entries(odd))('is a context with %s', async (_, [body, fields]) => {
    gateway.upstream.always(reply(200, body));
    const expected = { __typename: 'AiExecutionContext', id: 'ctx_1', ...fields };
    expect(await runOne(gateway, 'fetch')).toMatchObject(expected);
    expect(await runOne(gateway, 'update')).toMatchObject(expected);
  });

  it.each(Object.entries(notThePage))(
    'is a failure where it is not a page: %s',
    async (_, body) => {
      gateway.upstream.always(reply(200, body));
      expect(await runOne(gateway, 'list')).toMatchObject(malformed);
    },
  );

  it('costs a page no record, and is told once, where dates are in another form', async () => {
    const data = [whole, { ...whole, created_at: 'yesterday' }, { ...whole, created_at: 'today' }];
    gateway.upstream.always(reply(200, { data, has_more: false }));
    const before = warnings().length;
    const page = await runOne(gateway, 'list');
    expect(page.items).toHaveLength(3);
    expect(warnings().slice(before)).toEqual([
      'created_at of the API is not an RFC 3339 date-time',
    ]);
    expect(gateway.logs()).not.toContain('yesterday');
  });

  it('is told by key and type, never by value, where it is malformed', async () => {
    gateway.upstream.always(reply(200, { ...whole, agent_id: 77_123 }));
    await runOne(gateway, 'fetch');
    expect(gateway.logs()).toContain('agent_id is a number');
    expect(gateway.logs()).not.toContain('77123');
  });

  function warnings(): unknown[] {
    return gateway
      .logs()
      .split('\n')
      .filter((line) => line.includes('"level":"warn"'))
      .map((line) => (JSON.parse(line) as { msg: unknown }).msg);
  }

  it('is a page with whatever ids', async () => {
    gateway.upstream.always(reply(200, { data: [whole, { id: '7' }], has_more: true, total: 9 }));
    const page = await runOne(gateway, 'list');
    expect(page.items?.map(({ id }) => id)).toEqual(['ctx_1', '7']);
    expect(page.hasMore).toBe(true);
  });

  it('is a new context with whatever id', async () => {
    gateway.upstream.always(reply(201, { id: '1234567890123456789' }));
    expect(await runOne(gateway, 'create')).toMatchObject({ id: '1234567890123456789' });
    gateway.upstream.always(reply(201, { id: '' }));
    expect(await runOne(gateway, 'create')).toMatchObject({ ...malformed, status: 201 });
  });
});
