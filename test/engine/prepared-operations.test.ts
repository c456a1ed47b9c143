import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import type {
  ExecutionContext,
  ExecutionContextStore,
} from '../../src/execution-contexts/model.ts';
import { JsonText } from '../../src/json/index.ts';
import { createClock } from '../support/clock.ts';
import { alice } from '../support/users.ts';
import { createSide } from './listening-side.ts';
import type { RawRequest } from './raw-http.ts';

const context: ExecutionContext = {
  id: 'ctx_1',
  agentId: null,
  workflowId: null,
  userId: 'alice',
  sessionId: null,
  context: new JsonText('{"step":1}'),
  createdAt: null,
};

const defect = new TypeError('secret internals');

/** A store that has every context, and a bug where `ctx_bug` is asked for. */
const store: ExecutionContextStore = {
  deadline: () => Infinity,
  fetch: (id) => (id === 'ctx_bug' ? Promise.reject(defect) : Promise.resolve({ ...context, id })),
  list: () => Promise.resolve({ items: [context], hasMore: false }),
  create: () => Promise.resolve(context),
  update: (id) => Promise.resolve({ ...context, id }),
  delete: () => Promise.resolve(),
};

function createTestGateway({ forced = false } = {}) {
  const bugs: unknown[] = [];
  const side = createSide({
    forced,
    clock: createClock(),
    executionContexts: { store },
    resolveIdentity: () => ({ kind: 'user', user: alice }),
  });
  async function send(request: RawRequest) {
    const { response, bugs: met } = await side.send(request);
    bugs.push(...met);
    const status = Number(response?.statusLine.split(' ')[1]);
    return { status, body: response?.body ?? '' };
  }
  function post(params: object) {
    const headers: RawRequest['headers'] = [
      ['content-type', 'application/json'],
      ['accept', 'application/graphql-response+json'],
    ];
    return send({ headers, body: JSON.stringify(params) });
  }
  return { send, post, bugs };
}

const read =
  'query Read($id: ID!) { executionContext(id: $id) { ...C } } fragment C on AiExecutionContext { id context }';
const twoOperations = 'query A { __typename } query B { b: __typename }';

const requests: readonly [string, object][] = [
  ['an operation with variables', { query: read, variables: { id: 'ctx_1' } }],
  ['the same with others', { query: read, variables: { id: 'ctx_2' } }],
  ['a missing variable', { query: read }],
  ['a variable of the wrong type', { query: read, variables: { id: { a: 1 } } }],
  ['its operation name', { query: read, variables: { id: 'ctx_1' }, operationName: 'Read' }],
  ['another operation name', { query: read, variables: { id: 'ctx_1' }, operationName: 'Write' }],
  ['one of two operations', { query: twoOperations, operationName: 'A' }],
  ['the other', { query: twoOperations, operationName: 'B' }],
  ['neither of them', { query: twoOperations }],
  ['an invalid operation', { query: '{ nothing }' }],
  ['an operation that is no text', { query: 1 }],
  ['an operation that meets a bug', { query: read, variables: { id: 'ctx_bug' } }],
  ['a mutation', { query: 'mutation { deleteExecutionContext(id: "x") { __typename } }' }],
  ['what is closed', { query: '{ __schema { queryType { name } } }' }],
];

describe('an operation seen before', () => {
  it.each(requests)('is answered as at first: %s', async (_name, params) => {
    const { post } = createTestGateway();
    const atFirst = await post(params);
    expect(await post(params)).toEqual(atFirst);
    expect(await post(params)).toEqual(atFirst);
  });

  it('is answered as a gateway does that never saw it, whatever went before', async () => {
    const { post } = createTestGateway();
    for (const [, params] of [...requests, ...requests.toReversed()]) {
      expect(await post(params)).toEqual(await createTestGateway().post(params));
    }
  });

  it('tells of a bug each time, and the client nothing of it', async () => {
    const { post, bugs } = createTestGateway();
    for (const count of [1, 2, 3]) {
      const { body } = await post({ query: read, variables: { id: 'ctx_bug' } });
      expect(body).toContain('Unexpected error.');
      expect(body).not.toContain('secret');
      expect(bugs).toHaveLength(count);
    }
  });

  it('is not run by GET where it is a mutation', async () => {
    const { send, post } = createTestGateway();
    const query = 'mutation { deleteExecutionContext(id: "x") { __typename } }';
    await post({ query });
    const target = `/graphql?query=${encodeURIComponent(query)}`;
    expect((await send({ method: 'GET', target })).status).toBe(405);
  });

  it.each([
    ['without plugins', false],
    ['with plugins of an embedder’s', true],
  ])('is known by its hash from then on: %s', async (_name, forced) => {
    const { post } = createTestGateway({ forced });
    const sha256Hash = createHash('sha256').update(read).digest('hex');
    const named = { variables: { id: 'ctx_1' }, extensions: { persistedQuery: { sha256Hash } } };
    const atFirst = await post({ query: read, ...named });
    expect(await post(named)).toEqual(atFirst);
    expect(await post(named)).toEqual(atFirst);
  });

  it('is charged each time', async () => {
    const { post } = createTestGateway();
    const results = [];
    for (let call = 0; call < 25; call += 1) {
      const { body } = await post({ query: '{ executionContext(id: "a") { __typename } }' });
      results.push(body);
    }
    expect(results.filter((body) => body.includes('RateLimitError'))).toHaveLength(5);
  });
});
