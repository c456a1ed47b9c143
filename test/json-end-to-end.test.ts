import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { send, type RawRequest } from './doors/node/request.ts';
import { startTestGateway, type TestGateway } from './support/gateway.ts';
import { canonicalTokens, jsonTextsEqual } from './support/json-equality.ts';
import { jsonText, literalText, nestedText } from './support/json-texts.ts';
import type { Answer } from './support/upstream-exchange.ts';
import { reply } from './support/upstream-faults.ts';

const numRuns = 60;

/** What is kept for a null is nothing, which other tests are about. */
const contextText = jsonText.filter((text) => text !== 'null');
const contextLiteral = literalText.filter(
  ({ json }) => json !== 'null' && canonicalTokens(json).length < 2_000,
);

const selection = '{ ... on AiExecutionContext { context } ... on ExecutionContextError { code } }';
const updateWith = (context: string, variables = '') =>
  `mutation ${variables} { result: updateExecutionContext(id: "ctx_1", input: { context: ${context} }) ${selection} }`;
const updateInput = `mutation ($input: UpdateExecutionContextInput!) {
  result: updateExecutionContext(id: "ctx_1", input: $input) ${selection} }`;
const createInput = `mutation ($input: CreateExecutionContextInput!) {
  result: createExecutionContext(input: $input) ${selection} }`;
const read = `query ($id: ID!) { result: executionContext(id: $id) ${selection} }`;

/** An API that keeps the text of a context as it came in, and gives it back so. */
function createKeeper() {
  const kept = { text: 'null' };
  const keep: Answer = (exchange) => {
    const { method, body } = exchange.request;
    if (method !== 'GET') kept.text = body.slice(body.indexOf('"context":') + 10, -1);
    return reply(200, `{"id":"ctx_1","context":${kept.text}}`)(exchange);
  };
  return { kept, keep };
}

describe.each([
  ['planned', '/graphql'],
  ['executed by Yoga', '/graphql/'],
])('%s', (_way, path) => {
  let gateway: TestGateway;
  const { kept, keep } = createKeeper();
  beforeAll(async () => {
    gateway = await startTestGateway();
    gateway.upstream.always(keep);
  });
  afterAll(() => gateway.close());

  async function sendAuthorized(request: RawRequest): Promise<string> {
    const authorization = `Bearer ${await gateway.freshToken()}`;
    const headers = { 'content-type': 'application/json', authorization };
    const { status, body } = await send(gateway.url, { headers, ...request });
    expect({ status, body }).toMatchObject({ status: 200 });
    return body;
  }

  /** The text of the answer to an operation whose variables are a JSON text. */
  function post(query: string, variables = '{}'): Promise<string> {
    const body = `{"query":${JSON.stringify(query)},"variables":${variables}}`;
    return sendAuthorized({ path, body });
  }

  function get(query: string, variables: string): Promise<string> {
    const search = new URLSearchParams({ query, variables }).toString();
    return sendAuthorized({ method: 'GET', path: `${path}?${search}` });
  }

  function expectEqual(actual: string, expected: string): void {
    if (!jsonTextsEqual(actual, expected)) expect(actual).toBe(expected);
  }

  /** Writes a context and reads it back: the writer, the API and the reader see the same. */
  async function expectKept(written: string, query: string, variables?: string): Promise<void> {
    const answer = `{"data":{"result":{"context":${written}}}}`;
    expectEqual(await post(query, variables), answer);
    expectEqual(kept.text, written);
    expectEqual(await post(read, '{"id":"ctx_1"}'), answer);
  }

  it('keeps any JSON that is a variable', () =>
    fc.assert(
      fc.asyncProperty(contextText, (text) =>
        expectKept(text, updateWith('$context', '($context: JSON)'), `{"context":${text}}`),
      ),
      { numRuns },
    ));

  it('keeps any JSON within a variable', () =>
    fc.assert(
      fc.asyncProperty(contextText, fc.constantFrom(updateInput, createInput), (text, query) => {
        const agentId = query === createInput ? '"agentId":"a",' : '';
        return expectKept(text, query, `{"input":{${agentId}"context":${text}}}`);
      }),
      { numRuns },
    ));

  it('keeps any JSON that is a variable within a literal', () =>
    fc.assert(
      fc.asyncProperty(jsonText, (text) =>
        expectKept(
          `{"b":[1e400,${text}],"a":${text}}`,
          updateWith('{ b: [1e400, $context], a: $context }', '($context: JSON)'),
          `{"context":${text}}`,
        ),
      ),
      { numRuns },
    ));

  it('keeps any JSON that is a literal, also when it comes again', () =>
    fc.assert(
      fc.asyncProperty(contextLiteral, async ({ json, literal }) => {
        await expectKept(json, updateWith(literal));
        await expectKept(json, updateWith(literal));
      }),
      { numRuns },
    ));

  it('gives what the API has to a reader by GET', () =>
    fc.assert(
      fc.asyncProperty(jsonText, async (text) => {
        kept.text = text;
        const answer = await get(read, '{"id":"ctx_1"}');
        expectEqual(answer, `{"data":{"result":{"context":${text}}}}`);
      }),
      { numRuns },
    ));

  it.each(['POST', 'GET'])('does not take rounded digits for an id: by %s', async (method) => {
    gateway.upstream.clear();
    gateway.upstream.always(keep);
    for (const id of ['9007199254740993', '12345678901234567890', '1e400']) {
      const variables = `{"id":${id}}`;
      const answer = await (method === 'GET' ? get(read, variables) : post(read, variables));
      expect(answer).toBe('{"data":{"result":{"code":"INVALID_INPUT"}}}');
    }
    expect(gateway.upstream.requests).toEqual([]);
  });

  it('gives every context of a page and of a list of references as the API has it', () =>
    fc.assert(
      fc.asyncProperty(fc.array(jsonText, { minLength: 1, maxLength: 5 }), async (texts) => {
        const wire = texts.map((text, i) => `{"context":${text},"id":"c${i}"}`);
        const contexts = texts.map((text) => `{"context":${text}}`).join();
        gateway.upstream.on('GET', /\?/, reply(200, `{"has_more":true,"data":[${wire.join()}]}`));
        expectEqual(
          await post(
            '{ page: executionContexts { ... on ExecutionContextPage { items { context } } } }',
          ),
          `{"data":{"page":{"items":[${contexts}]}}}`,
        );
        texts.forEach((_, i) => {
          gateway.upstream.on('GET', `/ai-execution-context/c${i}`, reply(200, wire[i]));
        });
        const representations = texts.map((_, i) => ({
          __typename: 'AiExecutionContext',
          id: `c${i}`,
        }));
        expectEqual(
          await post(
            'query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on AiExecutionContext { context } } }',
            JSON.stringify({ representations }),
          ),
          `{"data":{"_entities":[${contexts}]}}`,
        );
        gateway.upstream.clear();
        gateway.upstream.always(keep);
      }),
      { numRuns },
    ));

  it('keeps 128 levels, in variables and in literals', () =>
    fc.assert(
      fc.asyncProperty(nestedText(128), async ({ json, literal }) => {
        await expectKept(json, updateInput, `{"input":{"context":${json}}}`);
        await expectKept(json, updateWith(literal));
      }),
      { numRuns: 10 },
    ));

  it('refuses 129 levels by name, in variables and in literals, and asks nobody', () =>
    fc.assert(
      fc.asyncProperty(nestedText(129), async ({ json, literal }) => {
        kept.text = 'untouched';
        for (const [query, variables] of [
          [updateInput, `{"input":{"context":${json}}}`],
          [updateWith(literal), '{}'],
        ] as const) {
          const issues = '... on ExecutionContextInputError { issues { path } }';
          const answer = await post(query.replace(selection, `{ ${issues} }`), variables);
          const { data } = JSON.parse(answer) as IssuesAnswer;
          const [first, ...others] = data.result.issues;
          expect(others).toEqual([]);
          const [input, context, ...keys] = first?.path ?? [];
          expect([input, context]).toEqual(['input', 'context']);
          expect(keys).toHaveLength(128);
          expect(memberAt(JSON.parse(json), keys)).toEqual([]);
        }
        expect(kept.text).toBe('untouched');
      }),
      { numRuns: 10 },
    ));

  it('takes 129 levels of the API for no answer', () =>
    fc.assert(
      fc.asyncProperty(nestedText(129), async ({ json }) => {
        kept.text = json;
        const answer = await post(read, '{"id":"ctx_1"}');
        expect(answer).toBe('{"data":{"result":{"code":"UPSTREAM_FAILED"}}}');
      }),
      { numRuns: 10 },
    ));
});

interface IssuesAnswer {
  readonly data: { readonly result: { readonly issues: readonly { path: readonly string[] }[] } };
}

function memberAt(value: unknown, keys: readonly string[]): unknown {
  return keys.reduce((member, key) => (member as Record<string, unknown>)[key], value);
}
