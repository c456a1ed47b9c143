import { mkdtempSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Upstream } from '../support/upstream.ts';
import type { Answer } from '../support/upstream-exchange.ts';
import { dripBody, hang, reply, replyError } from '../support/upstream-faults.ts';
import { createGate } from '../support/upstream-gate.ts';
import { bodies } from './body-cases.ts';
import { ask, errorFields, post, read, readOne, update, type Way } from './cases.ts';
import { documents, operations } from './document-cases.ts';
import { startGatewayPair, type GatewayPair, type Sent } from './gateway-pair.ts';
import { callers, headers } from './header-cases.ts';
import { exchange, headerOf } from './raw-http.ts';
import { answers, everyRequest, troubles } from './upstream-cases.ts';

/**
 * Whatever is asked, a gateway that has seen the document before answers as one that asks Yoga: byte
 * for byte, with the same requests to the API and the same lines in the log.
 */

/** What the API holds before each request. */
const contexts = [
  { id: 'ctx_1', agent_id: 'agent', user_id: 'alice', session_id: 's1', context: { step: 1 } },
  { id: 'ctx_2', agent_id: 'agent', user_id: 'bob', context: ['é', null], created_at: null },
  { id: 'ctx_3', created_at: '2025-01-01T00:00:00.1234567+02:00' },
];

/** The API in memory makes ids by chance. */
const creation: Answer = (exchanged) =>
  reply(201, `{"id":"ctx_new",${exchanged.request.body.slice(1)}`)(exchanged);

type Rules = (upstream: Upstream) => void;

let pair: GatewayPair;
/** The bodies that were sent to it. */
const learned = new Set<string>();

async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
  learned.clear();
  pair = await startGatewayPair(env);
}

function usePair(env: Readonly<Record<string, string>> = {}): void {
  beforeAll(() => start(env));
  afterAll(() => pair.close());
}

function prepare(rules?: Rules): void {
  // Past every limit's window.
  pair.clock.advance(60_000);
  restore(rules);
}

function restore(rules: Rules = () => undefined): void {
  for (const { upstream } of pair.sides) {
    upstream.clear();
    upstream.seed(...contexts);
    upstream.on('POST', '/ai-execution-context', creation);
    rules(upstream);
  }
}

/** Lets the first gateway learn a document, where it has not. */
async function learn(sent: Sent): Promise<void> {
  const text = String(sent.request.body);
  if (learned.has(text)) return;
  learned.add(text);
  prepare();
  await Promise.all(pair.sides.map((side) => side.send(sent)));
}

/** Sends a request both ways, and compares all that comes of it. */
async function expectEqual(sent: Sent, way: Way = 'plan') {
  pair.tookPlan();
  const [planned, yogas] = await Promise.all([pair.planned.send(sent), pair.yogas.send(sent)]);
  const wentYogasWay = !pair.tookPlan();
  expect(planned).toEqual(yogas);
  expect(wentYogasWay).toBe(way === 'yoga');
  return planned;
}

async function expectEqualOnceLearned(sent: Sent, way: Way = 'plan', rules?: Rules) {
  await learn(sent);
  prepare(rules);
  return expectEqual(sent, way);
}

describe('both ways are one for', () => {
  usePair({ CORS_ORIGINS: 'https://app.example.com,https://admin.example.com' });

  it.each([...operations, ...documents, ...bodies, ...headers])(
    '%s',
    async (_name, way, request) => {
      await expectEqualOnceLearned({ request }, way);
    },
  );

  it.each(callers)('%s with %s', async (caller, _name, way, request) => {
    await expectEqualOnceLearned({ request, caller }, way);
  });

  it.each(
    answers.flatMap(([name, answer]) =>
      everyRequest.map(([of, request]) => [of, name, request, answer] as const),
    ),
  )('%s answered by the API with %s', async (_of, _name, request, answer) => {
    await expectEqualOnceLearned({ request }, 'plan', (upstream) => {
      upstream.always(answer());
    });
  });
});

describe.each(troubles)('both ways are one with %s of the API for', (_name, rules) => {
  usePair();

  it.each(everyRequest)('%s', async (_of, request) => {
    await expectEqualOnceLearned({ request }, 'plan', rules);
  });
});

describe('both ways are one at the deadline', () => {
  // Long enough for what does answer, on a machine that is busy.
  usePair({ UPSTREAM_TIMEOUT_MS: '500' });

  it.each(everyRequest)('of %s', async (_of, request) => {
    await expectEqualOnceLearned({ request }, 'plan', (upstream) => {
      upstream.always(hang());
    });
  });

  it('of an answer that comes byte for byte', async () => {
    await expectEqualOnceLearned({ request: readOne }, 'plan', (upstream) => {
      upstream.always(dripBody());
    });
  });
});

describe('both ways are one with an API that', () => {
  usePair();

  it('is not there', async () => {
    for (const [, request] of everyRequest) await learn({ request });
    await Promise.all(pair.sides.map(({ upstream }) => upstream.stop()));
    for (const [, request] of everyRequest) {
      prepare();
      await expectEqual({ request });
    }
    await Promise.all(pair.sides.map(({ upstream }) => upstream.start()));
  });

  it('is known to be down', async () => {
    for (const [, request] of everyRequest) await learn({ request });
    prepare((upstream) => {
      upstream.always(replyError(503, 'no'));
    });
    await Promise.all(
      pair.sides.flatMap((side) =>
        Array.from({ length: 60 }, (_, i) =>
          side.gateway
            .freshToken()
            .then((token) => side.gateway.ask(read, { id: `x${i}` }, { token })),
        ),
      ),
    );
    for (const side of pair.sides) side.forget();
    for (const [, request] of everyRequest) {
      const { response, upstream } = await expectEqual({ request });
      expect(response?.body).toContain('UPSTREAM_UNAVAILABLE');
      expect(upstream).toEqual([]);
    }
  });
});

describe('both ways are one where the caller’s token goes upstream', () => {
  usePair({ UPSTREAM_AUTH: 'forward' });

  it.each(everyRequest)('for %s', async (_of, request) => {
    const { upstream } = await expectEqualOnceLearned({ request, caller: 'alice' });
    expect(JSON.stringify(upstream)).toContain('Bearer (of alice)');
    prepare((api) => {
      api.always(replyError(401, 'no'));
    });
    await expectEqual({ request, caller: 'alice' });
  });
});

describe('both ways are one where documents are trusted', () => {
  const key = 'sha256:key';
  const file = join(mkdtempSync(join(tmpdir(), 'documents-')), 'trusted.json');
  writeFileSync(file, JSON.stringify({ [key]: read, other: update }));
  usePair({ TRUSTED_DOCUMENTS: file, TRUSTED_DOCUMENTS_ONLY: 'true' });
  const variables = { id: 'ctx_1' };
  const named = (parameters: object) => post(JSON.stringify({ variables, ...parameters }));

  it.each([
    ['a key', 'plan', named({ documentId: key })],
    ['a key without the name of its hash', 'plan', named({ documentId: 'key' })],
    [
      'a key as an automatic document',
      'plan',
      named({ extensions: { persistedQuery: { version: 1, sha256Hash: 'key' } } }),
    ],
    ['a text', 'plan', named({ query: read })],
    ['a key and its text', 'plan', named({ query: read, documentId: key })],
    ['a key and the text of another', 'yoga', named({ query: update, documentId: key })],
    [
      'two keys',
      'plan',
      named({ documentId: key, extensions: { persistedQuery: { sha256Hash: 'other' } } }),
    ],
    ['a text nobody trusts', 'yoga', named({ query: `${read} ` })],
    ['a key nobody knows', 'yoga', named({ documentId: 'x' })],
    ['an operation of another name', 'yoga', named({ documentId: key, operationName: 'Other' })],
  ] as const)('by %s', async (_name, way, request) => {
    await expectEqualOnceLearned({ request }, way);
  });
});

describe('both ways are one in what they charge:', () => {
  usePair();

  it.each(everyRequest)('%s, until it is refused and again', async (_of, request) => {
    await learn({ request });
    prepare();
    const bodies = [];
    for (let call = 0; call < 24; call += 1) {
      const { response } = await expectEqual({ request, caller: 'alice' });
      bodies.push(response?.body);
      restore();
      if (call === 22) pair.clock.advance(1_000);
    }
    expect(bodies.join()).toContain('RATE_LIMITED');
    expect(bodies.at(-1)).not.toContain('RATE_LIMITED');
  });

  it('more fields in one request than are admitted', async () => {
    const fields = (field: (i: number) => string) =>
      Array.from({ length: 36 }, (_, i) => `f${i}: ${field(i)}`).join(' ');
    const reads = fields((i) => `executionContext(id: "${i % 3 === 0 ? '' : `c${i}`}") { ...E }`);
    const writes = fields((i) => `deleteExecutionContext(id: "c${i}") { ...E }`);
    const fragment = `fragment E on ExecutionContextError { ${errorFields} }`;
    for (const query of [`{ ${reads} } ${fragment}`, `mutation { ${writes} } ${fragment}`]) {
      const { response } = await expectEqualOnceLearned({ request: ask(query), caller: 'alice' });
      expect(response?.body).toContain('RATE_LIMITED');
    }
  });

  it('fields of several limits in one request', async () => {
    const request = ask(
      'mutation { createExecutionContext(input: { agentId: "a" }) { __typename } a: deleteExecutionContext(id: "") { __typename } }',
    );
    await expectEqualOnceLearned({ request });
  });
});

describe('both ways are one for a client that leaves', () => {
  // Longer than this may take, so that it is not the deadline that ends a call.
  beforeEach(() => start({ UPSTREAM_TIMEOUT_MS: '60000' }));
  afterEach(() => pair.close());

  async function leaveDuring(request: Sent['request'], calls: number) {
    await learn({ request });
    const gate = createGate();
    prepare((upstream) => {
      upstream.always(gate.hold());
    });
    pair.tookPlan();
    const left = await Promise.all(
      pair.sides.map(async (side) => {
        await side.sendAndLeave({ request }, () => side.upstream.received(calls));
        return side.observe(null);
      }),
    );
    return { gate, left };
  }

  it('during reads, which end', async () => {
    const request = ask(
      `{ a: executionContext(id: "ctx_1") { __typename } b: executionContext(id: "ctx_2") { __typename } }`,
    );
    const { left } = await leaveDuring(request, 2);
    expect(left[0]).toEqual(left[1]);
    expect(JSON.stringify(left[0])).toContain('"status":499');
    for (const { upstream } of pair.sides) {
      await Promise.all(upstream.requests.map(({ abandoned }) => abandoned));
    }
  });

  it('during the first of two writes, which go on', async () => {
    const field = (id: string) =>
      `updateExecutionContext(id: "${id}", input: { sessionId: "new" }) { __typename }`;
    const request = ask(`mutation { a: ${field('ctx_1')} b: ${field('ctx_2')} }`);
    const { gate, left } = await leaveDuring(request, 1);
    expect(left[0]).toEqual(left[1]);
    gate.open();
    const sessions = await Promise.all(
      pair.sides.map(async ({ upstream }) => {
        await expect.poll(() => upstream.stored('ctx_1')?.session_id).toBe('new');
        await expect.poll(() => upstream.stored('ctx_2')?.session_id).toBe('new');
        return upstream.requests.map(({ method, path, body }) => ({ method, path, body }));
      }),
    );
    expect(sessions[0]).toEqual(sessions[1]);
  });
});

describe('both ways are one while the gateway drains', () => {
  beforeEach(() => start({ SHUTDOWN_DRAIN_MS: '500' }));

  it('for what began before, and for what comes then', async () => {
    await learn({ request: readOne });
    const gate = createGate();
    prepare((upstream) => {
      upstream.next(gate.hold());
    });
    pair.tookPlan();
    const sockets = pair.sides.map(({ gateway }) => connect(Number(new URL(gateway.url).port)));
    const begun = pair.sides.map(async (side, i) => {
      const socket = sockets[i];
      if (socket === undefined) throw new Error('A side has no socket.');
      return exchange(socket, await side.write({ request: readOne }));
    });
    await gate.reached(2);
    const closed = pair.close();
    gate.open();
    const before = await Promise.all(begun);
    const then = await Promise.all(
      pair.sides.map(async (side) =>
        exchange(
          connect(Number(new URL(side.gateway.url).port)),
          await side.write({ request: readOne }),
        ),
      ),
    );
    expect(pair.tookPlan()).toBe(true);
    for (const [planned, yogas] of [before, then]) {
      expect(planned && headerOf(planned, 'connection')).toBe('close');
      const withoutDate = (response: typeof planned) => ({
        ...response,
        headers: response?.headers.filter(([name]) => name !== 'Date'),
      });
      expect(withoutDate(planned ?? null)).toEqual(withoutDate(yogas ?? null));
    }
    await closed;
  });
});
