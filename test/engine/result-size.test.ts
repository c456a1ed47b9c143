import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { ExecutionContext } from '../../src/execution-contexts/model.ts';
import { JsonSource, JsonText } from '../../src/json/index.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { expectEqual, withStore } from './both-ways.ts';
import { ask, list } from './cases.ts';

const maxLength = 64 * 1024 * 1024;
const tooLarge = {
  message: 'The result is larger than 64 MiB: select less at once.',
  extensions: { code: 'RESULT_TOO_LARGE' },
};
const refused = JSON.stringify({ data: null, errors: [tooLarge] });

/** As bytes, which is how a long value comes from the API. */
function longText(bytes: number): JsonText {
  const text = `"${'x'.repeat(bytes - 2)}"`;
  return JsonText.slice(JsonSource.ofText(text), 0, bytes);
}

const context: ExecutionContext = {
  id: 'ctx_1',
  agentId: null,
  workflowId: null,
  userId: null,
  sessionId: null,
  context: longText(2 * 1024 * 1024),
  createdAt: null,
};
const page = { items: Array<ExecutionContext>(40).fill(context), hasMore: false };
const broken = { ...context, createdAt: 5 };

const store = withStore({
  fetch: async (id: string) => (id === 'broken' ? broken : context),
  list: async () => page,
  update: async () => context,
});

const times = (count: number, field: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => field(index)).join(' ');
const contexts = (count: number) =>
  `{ ... on AiExecutionContext { ${times(count, (i) => `c${i}: context`)} } }`;
const read = (count: number) => `executionContext(id: "ctx_1") ${contexts(count)}`;
const write = `updateExecutionContext(id: "ctx_1", input: { sessionId: "s" }) ${contexts(20)}`;

describe('a result that is too large is refused both ways alike', () => {
  it.each([
    ['in one root field', ask(`{ ${read(40)} }`)],
    ['in several that are not', ask(`{ a: ${read(15)} b: ${read(15)} c: ${read(15)} }`)],
    ['before one that is not', ask(`{ a: ${read(40)} b: ${read(1)} }`)],
    ['in a list', ask(list)],
    [
      'in a nullable list item’s field',
      ask('{ executionContexts { ... on ExecutionContextPage { items { id context } } } }'),
    ],
  ])('%s', async (_name, request) => {
    const { response, bugs } = await expectEqual(store, request);
    expect(response?.statusLine).toBe('HTTP/1.1 200 OK');
    expect(response?.body).toBe(refused);
    expect(bugs).toEqual([]);
  });

  it('in a mutation, whose later fields are run all the same', async () => {
    let writes = 0;
    const counting = withStore({
      update: async () => {
        writes += 1;
        return context;
      },
    });
    const request = ask(`mutation { ${times(6, (i) => `w${i}: ${write}`)} }`);
    const { response } = await expectEqual(counting, request);
    expect(response?.body).toBe(refused);
    // Each way learns the document with a first request.
    expect(writes).toBe(4 * 6);
  });

  it('with the errors that there are besides', async () => {
    const request = ask(`{
      b: executionContext(id: "broken") { ... on AiExecutionContext { createdAt } }
      a: ${read(40)} }`);
    const { response, bugs } = await expectEqual(store, request);
    expect(bugs).toHaveLength(1);
    expect(JSON.parse(response?.body ?? '')).toEqual({
      data: null,
      errors: [expect.objectContaining({ path: ['b', 'createdAt'] }), tooLarge],
    });
  });
});

describe('a result', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(() => gateway.close());

  /** A query whose result is as many bytes, and no document that was sent before. */
  function queryOf(bytes: number): string {
    const names = Array.from({ length: 64 }, (_, index) => `c${String(index).padStart(2, '0')}`);
    const around = JSON.stringify({
      data: { a: Object.fromEntries(names.map((name) => [name, 0])) },
    }).length;
    const each = Math.floor((bytes - around) / names.length) + 1;
    gateway.upstream.seed({
      id: 'long',
      context: `${'x'.repeat(each - 2 - 2_000)}${'é'.repeat(1_000)}`,
    });
    const left = bytes - around - names.length * (each - 1);
    const fields = names.map((name, i) => `${name}${i === 0 ? 'x'.repeat(left) : ''}: context`);
    return `{ a: executionContext(id: "long") { ... on AiExecutionContext { ${fields.join(' ')} } } }`;
  }

  /** A plan is made of the document at the first path, and taken at the second. */
  it.each(['/graphql/', '/graphql'])(
    'may be as long as the limit, not longer, at %s',
    async (path) => {
      for (const [length, status] of [
        [maxLength, 'answered'],
        [maxLength + 1, 'refused'],
      ] as const) {
        const response = await fetch(gateway.url + path, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            authorization: `Bearer ${await gateway.freshToken()}`,
          },
          body: JSON.stringify({ query: queryOf(length) }),
        });
        const body = Buffer.from(await response.arrayBuffer());
        if (status === 'refused') expect(body.toString()).toBe(refused);
        else expect(body).toHaveLength(length);
      }
    },
  );
});
