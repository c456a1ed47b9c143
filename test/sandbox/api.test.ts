import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { sandboxApiKey } from '../../src/sandbox/caller.ts';
import { startSandboxClient } from './client.ts';
import type { SandboxAnswer, SandboxClient } from './client.ts';

const instant = Date.UTC(2026, 2, 3);
const key = sandboxApiKey;
let sandbox: SandboxClient;

beforeAll(async () => {
  sandbox = await startSandboxClient({ clock: () => instant });
});

afterAll(() => sandbox.close());

function failure(status: number, message: string): SandboxAnswer {
  return { status, text: JSON.stringify({ errors: [{ message, code: status }] }) };
}

function read(answer: SandboxAnswer): unknown {
  return JSON.parse(answer.text);
}

async function idsOfPage(query: string) {
  const page = read(await sandbox.call(key, 'GET', query)) as {
    data: { id: string }[];
    has_more: boolean;
  };
  return { ids: page.data.map(({ id }) => id), hasMore: page.has_more };
}

/** Arrays nested this deep. */
function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth);
}

describe('update', () => {
  it('replaces the context as a whole, and the session', async () => {
    const body = { context: { current_step: 'processing' }, session_id: 'session_456' };
    const updated = await sandbox.call(key, 'PUT', '/ctx_123', JSON.stringify(body));
    expect(read(updated)).toMatchObject({ id: 'ctx_123', user_id: 'alice', ...body });
    expect(await sandbox.call(key, 'GET', '/ctx_123')).toEqual(updated);
  });

  it.each(['{}', '{"context":null,"session_id":null}'])(
    'of %s keeps what is stored',
    async (body) => {
      const before = await sandbox.call(key, 'GET', '/ctx_research');
      expect(await sandbox.call(key, 'PUT', '/ctx_research', body)).toEqual(before);
    },
  );

  it.each(['false', '0', '""', '[]', '{}'])('takes %s for a context', async (context) => {
    const updated = await sandbox.call(key, 'PUT', '/ctx_support', `{"context":${context}}`);
    expect(updated.text).toContain(`"context":${context},`);
  });

  it('stores numbers and key order digit by digit', async () => {
    const context =
      '{"z":9007199254740993,"10":1e400,"2":0.1000000000000000055511,"__proto__":{"a":1},"n":"\\ud800"}';
    await sandbox.call(key, 'PUT', '/1234567890123456789', `{"context":${context}}`);
    const { text } = await sandbox.call(key, 'GET', '/1234567890123456789');
    expect(text).toContain(`"context":${context},`);
  });

  it.each([
    ['{"context":', /^invalid JSON: /],
    ['', /^invalid JSON: /],
    ['[]', /^invalid data: expected an object$/],
    ['{"session_id":7}', /^invalid data: session_id must be a string$/],
    [`{"context":${nested(129)}}`, /^invalid JSON: recursion limit exceeded$/],
    [`{"context":${nested(20_000)}}`, /^invalid JSON: recursion limit exceeded$/],
    [new Uint8Array([0x22, 0xff, 0x22]), /^invalid JSON: /],
  ])('refuses a malformed body (%#)', async (body, message) => {
    const answer = await sandbox.call(key, 'PUT', '/ctx_123', body);
    expect(answer.status).toBe(400);
    expect(read(answer)).toEqual({
      errors: [{ message: expect.stringMatching(message) as string, code: 400 }],
    });
  });

  it('takes a context 128 deep', async () => {
    const body = `{"context":${nested(128)}}`;
    expect((await sandbox.call(key, 'PUT', '/ctx_support', body)).status).toBe(200);
  });

  it('refuses a body over two mebibytes', async () => {
    const body = JSON.stringify({ context: 'x'.repeat(2 * 1024 * 1024) });
    expect(await sandbox.call(key, 'PUT', '/ctx_123', body)).toEqual(
      failure(413, 'request body too large'),
    );
  });
});

describe('fetch one', () => {
  it('knows ids by their decoded form', async () => {
    expect(await sandbox.call(key, 'GET', '/ctx%5Fin%5fuse')).toMatchObject({ status: 200 });
    expect(await sandbox.call(key, 'GET', '/a%2Fb%25%3F')).toEqual(
      failure(404, 'execution context not found'),
    );
  });

  it('leaves out what a context does not have', async () => {
    const context = read(await sandbox.call(key, 'GET', '/ctx_nightly'));
    expect(context).not.toHaveProperty('user_id');
  });
});

describe('list', () => {
  it('comes newest first, twenty a page', async () => {
    const { ids, hasMore } = await idsOfPage('');
    expect(ids.slice(0, 2)).toEqual(['ctx_123', 'ctx_research']);
    expect(ids).toHaveLength(20);
    expect(hasMore).toBe(true);
  });

  it('covers everything once over its pages', async () => {
    const all = await idsOfPage('?per_page=100');
    expect(all.hasMore).toBe(false);
    const half = Math.ceil(all.ids.length / 2);
    const [first, second] = [
      await idsOfPage(`?page=1&per_page=${half}`),
      await idsOfPage(`?page=2&per_page=${half}`),
    ];
    expect([...first.ids, ...second.ids]).toEqual(all.ids);
    expect([first.hasMore, second.hasMore]).toEqual([true, false]);
    expect(await idsOfPage(`?page=3&per_page=${half}`)).toEqual({ ids: [], hasMore: false });
  });

  it.each([
    ['agent_id=agent_ledger', ['1234567890123456789']],
    ['workflow_id=workflow_quarter_close', ['ctx_bob_forecast']],
    ['agent_id=agent_ledger&workflow_id=workflow_quarter_close', []],
  ])('is filtered by %s', async (query, ids) => {
    expect(await idsOfPage(`?${query}`)).toEqual({ ids, hasMore: false });
  });

  it.each(['page=0', 'page=1.5', 'page=x', 'per_page=0', 'per_page=101'])(
    'refuses %s',
    async (query) => {
      expect((await sandbox.call(key, 'GET', `?${query}`)).status).toBe(400);
    },
  );
});

describe('create', () => {
  it('answers 201 with the context, which is then there', async () => {
    const created = await sandbox.call(key, 'POST', '', '{"agent_id":"a","user_id":"carol"}');
    const { id, ...rest } = read(created) as { id: string };
    expect(created.status).toBe(201);
    expect(rest).toEqual({
      agent_id: 'a',
      workflow_id: null,
      user_id: 'carol',
      session_id: null,
      context: null,
      created_at: '2026-03-03T00:00:00.000Z',
    });
    expect((await sandbox.call(key, 'GET', `/${id}`)).text).toBe(created.text);
    await sandbox.call(key, 'DELETE', `/${id}`);
  });

  it('refuses a context of no agent', async () => {
    expect(await sandbox.call(key, 'POST', '', '{"agent_id":null}')).toEqual(
      failure(400, 'invalid data: agent_id is missing'),
    );
  });
});

describe('delete', () => {
  it('answers 204, and 404 from then on', async () => {
    expect(await sandbox.call(key, 'DELETE', '/ctx_invoice_2041')).toEqual({
      status: 204,
      text: '',
    });
    expect((await sandbox.call(key, 'DELETE', '/ctx_invoice_2041')).status).toBe(404);
  });

  it('refuses a context in use, which can still be updated', async () => {
    expect(await sandbox.call(key, 'DELETE', '/ctx_in_use')).toEqual(
      failure(409, 'execution context is in use by a running agent'),
    );
    expect((await sandbox.call(key, 'PUT', '/ctx_in_use', '{"context":1}')).status).toBe(200);
  });
});

it('answers in its envelope where there is nothing', async () => {
  expect((await sandbox.call(key, 'PATCH', '/ctx_123')).status).toBe(404);
  const answer = await fetch(`${sandbox.url}/elsewhere`);
  expect(await answer.json()).toEqual({ errors: [{ message: 'no such resource', code: 404 }] });
});
