import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { startApplication } from '../../src/application.ts';
import { readConfig } from '../../src/config.ts';
import { leaseMs } from '../../src/shared-state/keyed-locks.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { askGraphQL, type AskOptions } from '../support/ask.ts';
import { adminPermission, apiKey, startTestGateway, type TestGateway } from '../support/gateway.ts';
import {
  applyThen,
  hang,
  passThrough,
  reply,
  replyError,
  reset,
} from '../support/upstream-faults.ts';
import { createGate } from '../support/upstream-gate.ts';
import { merge, mergeText, read, remove, update, type WriteResult } from './write-documents.ts';

let gateway: TestGateway;
let count = 0;
let id: string;

beforeAll(async () => {
  gateway = await startTestGateway({ env: { UPSTREAM_TIMEOUT_MS: '1000' } });
});
afterAll(() => gateway.close());
beforeEach(() => {
  count += 1;
  id = `ctx_${count}`;
  gateway.upstream.clear();
  gateway.upstream.seed({
    id,
    user_id: 'alice',
    session_id: 'session_1',
    context: { step: 1, results: { found: 2, kept: 1 }, done: false },
  });
});

const asked = () => gateway.upstream.requests.map(({ method }) => method);
const sent = () =>
  gateway.upstream.requests
    .filter(({ method }) => method === 'PUT')
    .map(({ body }) => JSON.parse(body) as unknown);
const versionNow = async () => (await read(gateway, id)).version ?? '';

describe('a merge', () => {
  it('replaces the members of the patch, removes those that are null, and keeps all others', async () => {
    const result = await merge(gateway, id, {
      patch: { step: 2, results: { found: 3, kept: null }, note: 'x' },
    });
    expect(result).toMatchObject({
      __typename: 'AiExecutionContext',
      sessionId: 'session_1',
      context: { step: 2, results: { found: 3 }, done: false, note: 'x' },
    });
    expect(gateway.upstream.stored(id)?.context).toEqual(result.context);
    expect(asked()).toEqual(['GET', 'PUT']);
  });

  it('leaves what it does not touch to the digit and in place', async () => {
    const stored = '{"10":1e400,"2":9007199254740993,"a":{"z":1.50,"b":-0},"é":"\\u00e9"}';
    gateway.upstream.on(
      'GET',
      `/ai-execution-context/${id}`,
      reply(200, `{"id":"${id}","context":${stored}}`),
    );
    gateway.upstream.on('PUT', `/ai-execution-context/${id}`, ({ request, response }) => {
      response.end(`{"id":"${id}",${request.body.slice(1)}`);
    });
    expect(await mergeText(gateway, id, '{"a":{"z":18446744073709551615},"new":1.0}')).toBe(
      '{"10":1e400,"2":9007199254740993,"a":{"z":18446744073709551615,"b":-0},"é":"\\u00e9","new":1.0}',
    );
  });

  it.each([
    ['nothing', undefined],
    ['a string', 'text'],
    ['an array', [1, 2]],
  ])('makes an object of %s', async (_, context) => {
    gateway.upstream.seed({ id, user_id: 'alice', context });
    expect(await merge(gateway, id, { patch: { a: 1, b: null } })).toMatchObject({
      context: { a: 1 },
    });
  });

  it('writes the session along with the state', async () => {
    await merge(gateway, id, { patch: { step: 2 }, sessionId: 'session_2' });
    expect(sent()).toEqual([
      {
        context: { step: 2, results: { found: 2, kept: 1 }, done: false },
        session_id: 'session_2',
      },
    ]);
  });

  it('with an empty patch and a session writes the session alone', async () => {
    const result = await merge(gateway, id, { patch: {}, sessionId: 'session_2' });
    expect(result).toMatchObject({ sessionId: 'session_2', context: { step: 1 } });
    expect(sent()).toEqual([{ session_id: 'session_2' }]);
  });

  it('with an empty patch and no session reads and answers', async () => {
    gateway.upstream.seed({ id, user_id: 'alice', context: 'text' });
    expect(await merge(gateway, id, { patch: {} })).toMatchObject({ context: 'text' });
    expect(asked()).toEqual(['GET']);
  });

  it.each([
    ['the same members', { patch: { step: 1.0, results: { found: 2 } } }],
    ['the same session', { patch: {}, sessionId: 'session_1' }],
    ['a member that is not there as null', { patch: { gone: null } }],
  ])('that changes nothing writes nothing: %s', async (_, input) => {
    expect(await merge(gateway, id, input)).toMatchObject({
      sessionId: 'session_1',
      context: { step: 1, results: { found: 2, kept: 1 }, done: false },
    });
    expect(asked()).toEqual(['GET']);
  });

  it('is charged once, to the group of updates, also where it writes nothing', async () => {
    const token = await gateway.tokenOf('alice');
    const results = [];
    for (let i = 0; i < 11; i++) results.push(await merge(gateway, id, { patch: {} }, token));
    expect(results.map(({ code }) => code).filter(Boolean)).toEqual(['RATE_LIMITED']);
  });

  it('of what is missing is not found, with a version or without', async () => {
    for (const ifVersion of [undefined, 'v']) {
      expect(await merge(gateway, 'missing', { patch: { a: 1 }, ifVersion })).toMatchObject({
        code: 'NOT_FOUND',
      });
    }
    expect(await update(gateway, 'missing', { context: 1, ifVersion: 'v' })).toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await remove(gateway, 'missing', 'v')).toMatchObject({ code: 'NOT_FOUND' });
  });

  it("into somebody else's context is forbidden, and tells no version", async () => {
    const token = await gateway.tokenOf('bob');
    const result = await merge(gateway, id, { patch: { a: 1 }, ifVersion: 'v' }, token);
    expect(result).toMatchObject({ code: 'FORBIDDEN' });
    expect(result).not.toHaveProperty('currentVersion');
    expect(asked()).toEqual(['GET']);
  });

  it("is forbidden where the context has become somebody else's since it was last seen", async () => {
    const token = await gateway.tokenOf(`owner-${count}`);
    gateway.upstream.seed({ id, user_id: `owner-${count}`, context: {} });
    await read(gateway, id, token);
    gateway.upstream.seed({ id, user_id: 'mallory', context: {} });
    expect(await merge(gateway, id, { patch: { a: 1 }, ifVersion: 'v' }, token)).toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await merge(gateway, id, { patch: { a: 1 } }, token)).toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(sent()).toEqual([]);
  });

  it.each([
    [{ patch: { a: 1 }, sessionId: '' }, ['input', 'sessionId']],
    [{ patch: { a: 1 }, ifVersion: '' }, ['input', 'ifVersion']],
    [{ patch: { a: nested(128) } }, ['input', 'patch', 'a', ...Array<string>(127).fill('0')]],
  ])('of bad input is refused before anything is asked: %#', async (input, path) => {
    const result = await merge(gateway, id, input);
    expect(result).toMatchObject({ code: 'INVALID_INPUT' });
    expect(result.issues?.[0]?.path).toEqual(path);
    expect(asked()).toEqual([]);
  });

  it('takes a patch as deep as the API does', async () => {
    expect(await merge(gateway, id, { patch: { a: nested(127) } })).toMatchObject({
      __typename: 'AiExecutionContext',
    });
  });
});

/** Another gateway on the same API and issuer, with the usual deadline. */
async function patientGateway() {
  const config = readConfig({
    PORT: '0',
    UPSTREAM_URL: gateway.upstream.url,
    UPSTREAM_API_KEY: apiKey,
    JWT_ISSUER: gateway.issuer.url,
    ADMIN_PERMISSION: adminPermission,
    SHUTDOWN_DRAIN_MS: '0',
  });
  const application = await startApplication({
    config,
    logger: createLogger({ level: 'silent' }),
  });
  return {
    ask: (query: string, variables?: object, options?: AskOptions) =>
      askGraphQL(application.url, query, variables, options),
    freshToken: () => gateway.freshToken(),
    [Symbol.asyncDispose]: () => application.close(),
  };
}

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)];
}

describe('the version', () => {
  it('is the same for the same state and session, whatever wrote them and in whatever order', async () => {
    gateway.upstream.seed(
      { id: `${id}-a`, session_id: 's', context: { a: 1, b: [1, { c: 'é' }] } },
      { id: `${id}-b`, session_id: 's', context: { b: [1.0, { c: '\u00e9' }], a: 1 } },
      { id: `${id}-c`, session_id: 't', context: { a: 1, b: [1, { c: 'é' }] } },
      { id: `${id}-d`, session_id: null, context: null },
      { id: `${id}-e` },
    );
    const versions = await Promise.all(
      ['a', 'b', 'c', 'd', 'e'].map(async (name) => (await read(gateway, `${id}-${name}`)).version),
    );
    const [a, b, c, d, e] = versions;
    expect(b).toBe(a);
    expect(c).not.toBe(a);
    expect(e).toBe(d);
  });

  it.each([
    [
      'session_1',
      '{"step":1,"results":{"found":2,"kept":0.5},"done":false}',
      'bH27ciwTSKyF92Y12MnAZb',
    ],
    [
      null,
      '{ "é":"\\u00e9\\n\\/", "10":1e400, "9":9007199254740993, "b":-0.0 , "a":1e21}',
      'nOf1D13gkN7KNi6lJP1GS6',
    ],
    ['s', 'null', 'rTF9Ogo24zLUrKpkuUIYs-'],
  ])('is what it was in every release: %j, %s', async (session, context, version) => {
    gateway.upstream.on(
      'GET',
      /./,
      reply(200, `{"id":"${id}","session_id":${JSON.stringify(session)},"context":${context}}`),
    );
    expect(await versionNow()).toBe(version);
  });

  it('is never logged', async () => {
    const version = await versionNow();
    await merge(gateway, id, { patch: { a: 1 }, ifVersion: 'other' });
    expect(gateway.logs()).not.toContain(version);
  });
});

describe.each([
  ['merge', (ifVersion?: string) => merge(gateway, id, { patch: { step: 2 }, ifVersion })],
  ['update', (ifVersion?: string) => update(gateway, id, { context: { step: 2 }, ifVersion })],
  ['delete', (ifVersion?: string) => remove(gateway, id, ifVersion)],
] as const)('ifVersion of %s', (operation, write) => {
  it('lets the write be where it is the stored version, or none is given', async () => {
    expect(await write(await versionNow())).not.toHaveProperty('code');
    gateway.upstream.seed({ id, user_id: 'alice', context: {} });
    expect(await write()).not.toHaveProperty('code');
  });

  it('is a conflict where another is stored, tells which, and writes nothing', async () => {
    const currentVersion = await versionNow();
    gateway.upstream.clear();
    expect(await write('outdated')).toMatchObject({ code: 'CONFLICT', currentVersion });
    expect(asked()).toEqual(['GET']);
  });

  it('is an input error where it is empty', async () => {
    const result = await write('');
    const path = operation === 'delete' ? ['ifVersion'] : ['input', 'ifVersion'];
    expect(result).toMatchObject({ code: 'INVALID_INPUT', issues: [{ path }] });
    expect(asked()).toEqual([]);
  });

  it('tells a stranger no version', async () => {
    const token = await gateway.tokenOf(`stranger-${count}`);
    const result = await {
      merge: () => merge(gateway, id, { patch: {}, ifVersion: 'v' }, token),
      update: () => update(gateway, id, { context: 1, ifVersion: 'v' }, token),
      delete: () => remove(gateway, id, 'v', token),
    }[operation]();
    expect(result).toMatchObject({ code: 'FORBIDDEN' });
    expect(result).not.toHaveProperty('currentVersion');
  });

  it('lets exactly one of twelve writers with one version win', async () => {
    const version = await versionNow();
    const results = await Promise.all(Array.from({ length: 12 }, () => write(version)));
    const codes = results.map(({ code }) => code ?? 'written');
    expect(codes.filter((code) => code === 'written')).toHaveLength(1);
    const lost = operation === 'delete' ? 'NOT_FOUND' : 'CONFLICT';
    expect(codes.filter((code) => code === lost)).toHaveLength(11);
  });

  it.each([
    ['lost', applyThen(reset()), 'UPSTREAM_FAILED'],
    ['a failure', replyError(500, 'no'), 'UPSTREAM_FAILED'],
    ['late', hang(), 'UPSTREAM_TIMEOUT'],
  ])('makes a write whose answer is %s one that is not to be repeated', async (_, fault, code) => {
    const version = await versionNow();
    gateway.upstream.on(operation === 'delete' ? 'DELETE' : 'PUT', /./, fault);
    const result = await write(version);
    expect(result).toMatchObject({ code, retryable: false });
    expect(result.message).toContain('may have been applied');
  });

  it('leaves a write that was never sent one to be repeated', async () => {
    const version = await versionNow();
    gateway.upstream.on('GET', /./, replyError(503, 'no'));
    expect(await write(version)).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryable: true });
  });
});

it('ifVersion alone on an update is an input error', async () => {
  expect(await update(gateway, id, { ifVersion: 'v' })).toMatchObject({
    code: 'INVALID_INPUT',
    issues: [{ path: ['input'] }],
  });
});

it('a merge whose outcome is unknown is not to be repeated, an update is', async () => {
  gateway.upstream.on('PUT', /./, applyThen(reset()));
  expect(await merge(gateway, id, { patch: { a: 1 } })).toMatchObject({
    code: 'UPSTREAM_FAILED',
    retryable: false,
  });
  expect(await update(gateway, `${id}-other`, { context: 1 })).toMatchObject({
    code: 'UPSTREAM_FAILED',
    retryable: true,
  });
  // Never repeated by the gateway either.
  expect(sent()).toHaveLength(2);
});

describe('after a write whose outcome is unknown', () => {
  it.each([
    ['no answer', hang()],
    ['a lost connection', applyThen(reset())],
    ['a proxy that could not wait', reply(504)],
  ])('nobody writes for the length of a lease: %s', async (_, fault) => {
    gateway.upstream.on('PUT', /./, fault);
    const result = await update(gateway, id, { context: 0 });
    const failedMs = performance.now();
    expect(result.message).toContain('may have been applied');
    gateway.upstream.clear();
    gateway.upstream.seed({ id, context: {} });
    expect(await merge(gateway, id, { patch: { a: 1 } })).toMatchObject({ code: 'CONFLICT' });
    await expect
      .poll(() => merge(gateway, id, { patch: { a: 1 } }), { timeout: 5_000, interval: 10 })
      .toMatchObject({ context: { a: 1 } });
    expect(performance.now() - failedMs).toBeGreaterThan(leaseMs - 10);
    expect(sent()).toHaveLength(1);
  });

  it('writes go on at once where the API has said that it failed', async () => {
    gateway.upstream.on('PUT', /./, replyError(500, 'no'));
    await update(gateway, id, { context: 0 });
    gateway.upstream.clear();
    gateway.upstream.seed({ id, context: {} });
    const startedMs = performance.now();
    expect(await merge(gateway, id, { patch: { a: 1 } })).toMatchObject({ context: { a: 1 } });
    expect(performance.now() - startedMs).toBeLessThan(700);
  });
});

describe('writes to one context', () => {
  it('are one queue: each builds on the one before', async () => {
    // No more than a busy machine does within the deadline.
    const writes = Array.from({ length: 24 }, (_, i) =>
      i === 12
        ? update(gateway, id, { context: { updated: true } })
        : merge(gateway, id, { patch: { [`key${i}`]: i } }),
    );
    const results = await Promise.all(writes);
    expect(results.filter(({ code }) => code !== undefined)).toEqual([]);
    const { updated, ...rest } = gateway.upstream.stored(id)?.context as Record<string, unknown>;
    expect(updated).toBe(true);
    // Whatever was merged after the update is there, and what was merged before was replaced by it.
    const steps = gateway.upstream.requests
      .filter(({ method }) => method === 'PUT')
      .map(({ body }) => (JSON.parse(body) as { context: Record<string, unknown> }).context);
    expect(steps).toHaveLength(24);
    const at = steps.findIndex((step) => 'updated' in step);
    expect(Object.keys(rest)).toHaveLength(23 - at);
    for (const [i, step] of steps.entries()) {
      if (i !== at) expect(step).toMatchObject(steps[i - 1] ?? {});
    }
  });

  it('wait for the one under way, without a connection to the API, and not for those of others', async () => {
    const token = await gateway.freshToken();
    await read(gateway, id, token);
    gateway.upstream.clear();
    const gate = createGate();
    gateway.upstream.on('PUT', `/ai-execution-context/${id}`, gate.hold(passThrough()));
    const writes = [
      update(gateway, id, { context: 1 }, token),
      ...Array.from({ length: 20 }, () => update(gateway, id, { context: 2 })),
    ];
    await gate.reached(1);
    gateway.upstream.seed({ id: 'another', context: 1 });
    expect(await update(gateway, 'another', { context: 2 })).toMatchObject({ context: 2 });
    expect(asked()).toEqual(['PUT', 'PUT']);
    gate.open();
    for (const result of await Promise.all(writes)) expect(result).toMatchObject({ id });
  });

  it('wait until 250 ms before their deadline, and are then conflicts', async () => {
    const gate = createGate();
    gateway.upstream.on('PUT', /./, gate.hold(passThrough()));
    const first = update(gateway, id, { context: 1 });
    await gate.reached(1);
    const startedAt = performance.now();
    const result = await merge(gateway, id, { patch: { a: 1 } });
    const tookMs = performance.now() - startedAt;
    expect(result).toMatchObject({ code: 'CONFLICT', currentVersion: null });
    expect(tookMs).toBeGreaterThan(700);
    expect(tookMs).toBeLessThan(1_000);
    gate.open();
    await first;
  });

  it('are at most 200 that wait: more are conflicts at once', async () => {
    const gate = createGate();
    await using patient = await patientGateway();
    gateway.upstream.on('PUT', /./, gate.hold(passThrough()));
    const first = update(patient, id, { context: 0 });
    await gate.reached(1);
    const tokens = await Promise.all(Array.from({ length: 210 }, () => gateway.freshToken()));
    const writes = tokens.map((token) => update(patient, id, { context: 1 }, token));
    const refused: WriteResult[] = [];
    for (const write of writes) {
      void write.then((result) => {
        if (result.code === 'CONFLICT') refused.push(result);
      });
    }
    await expect.poll(() => refused.length, { timeout: 5_000 }).toBe(10);
    for (const { message } of refused) expect(message).toMatch(/^Too many/);
    gate.open();
    await Promise.all([first, ...writes]);
    expect(refused).toHaveLength(10);
  });

  it('take no turn for a stranger', async () => {
    const gate = createGate();
    const mallory = await gateway.tokenOf('mallory');
    gateway.upstream.on('GET', /./, gate.hold(passThrough()));
    const strangers = [
      remove(gateway, id, undefined, mallory),
      merge(gateway, id, { patch: { a: 1 } }, mallory),
    ];
    await gate.reached(2);
    expect(await update(gateway, id, { context: 1 })).toMatchObject({ context: 1 });
    gate.open();
    for (const result of await Promise.all(strangers)) {
      expect(result).toMatchObject({ code: 'FORBIDDEN' });
    }
  });

  it('of an owner, a deletion looks at whose context it is by now, under the lock', async () => {
    const owner = `owner-${count}`;
    const token = await gateway.tokenOf(owner);
    gateway.upstream.seed({ id, user_id: owner, context: {} });
    await read(gateway, id, token);
    gateway.upstream.seed({ id, user_id: 'mallory', context: {} });
    gateway.upstream.clear();
    expect(await remove(gateway, id, undefined, token)).toMatchObject({ code: 'FORBIDDEN' });
    expect(asked()).toEqual(['GET']);
  });
});

it('merges any values as a naive merge of plain ones does', async () => {
  const key = fc.constantFrom('a', 'b', '__proto__', '10', '2');
  const { value } = fc.letrec<{ value: unknown; object: unknown }>((tie) => ({
    object: fc
      .array(fc.tuple(key, tie('value')), { maxLength: 4 })
      .map((entries) => Object.fromEntries(entries) as unknown),
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<unknown>(null, 1, 'x', true, [], [null]),
      tie('object'),
    ),
  }));
  const patches = fc.dictionary(key, value);
  await fc.assert(
    fc.asyncProperty(value, patches, async (context, patch) => {
      gateway.upstream.seed({ id, user_id: 'alice', context });
      const result = await merge(gateway, id, { patch });
      const expected = Object.keys(patch).length === 0 ? context : naive(context, patch);
      expect(result.context).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

/** RFC 7396, section 2, on plain values. */
function naive(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name);
    else result.set(name, naive(result.get(name), value));
  }
  return Object.fromEntries(result);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
