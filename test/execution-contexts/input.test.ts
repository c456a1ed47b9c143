import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import type { Result } from '../support/operations.ts';

const wrong = '... on ExecutionContextInputError { code message issues { path message } }';
const fields = {
  fetch: `executionContext(id: $id) { __typename ${wrong} }`,
  list: `executionContexts(page: $page, perPage: $perPage, agentId: $agentId, workflowId: $workflowId) { __typename ${wrong} }`,
  create: `createExecutionContext(input: $input) { __typename ${wrong} }`,
  update: `updateExecutionContext(id: $id, input: $input) { __typename ${wrong} }`,
  delete: `deleteExecutionContext(id: $id) { __typename ${wrong} }`,
};
const documents = {
  fetch: `query ($id: ID!) { result: ${fields.fetch} }`,
  list: `query ($page: Int! = 1, $perPage: Int! = 20, $agentId: ID, $workflowId: ID) { result: ${fields.list} }`,
  create: `mutation ($input: CreateExecutionContextInput!) { result: ${fields.create} }`,
  update: `mutation ($id: ID!, $input: UpdateExecutionContextInput!) { result: ${fields.update} }`,
  delete: `mutation ($id: ID!) { result: ${fields.delete} }`,
};

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const parsed = (text: string) => JSON.parse(text) as unknown;
const zeros = (count: number) => Array.from({ length: count }, () => '0');

/** Ids that no operation takes, as JSON texts, and what is said about them. */
const badIds: readonly (readonly [string, string, RegExp])[] = [
  ['an empty one', '""', /empty/],
  ['a dot', '"."', /"\."/],
  ['two dots', '".."', /"\.\."/],
  ['257 characters', JSON.stringify('x'.repeat(257)), /256/],
  ['257 characters outside the basic plane', JSON.stringify('😀'.repeat(257)), /256/],
  ['a lone high surrogate', '"a\\ud83d"', /surrogate/],
  ['a lone low surrogate', '"\\ude00a"', /surrogate/],
  ['a number beyond 2^53-1', '9007199254740992', /number/],
  ['a number below -(2^53-1)', '-9007199254740993', /number/],
  ['a number of twenty digits', '12345678901234567890', /number/],
];

const goodIds: readonly (readonly [string, string])[] = [
  ['256 characters', JSON.stringify('x'.repeat(256))],
  ['256 characters outside the basic plane', JSON.stringify('😀'.repeat(256))],
  ['a surrogate pair', '"\\ud83d\\ude00"'],
  ['three dots', '"..."'],
  ['the number 2^53-1', '9007199254740991'],
  ['a huge number in a string', '"12345678901234567890"'],
  ['a space', '" "'],
];

describe('input', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(() => gateway.close());
  beforeEach(() => {
    gateway.upstream.clear();
  });

  /** Sends the variables as the JSON text they are. */
  async function ask(query: string, variables: string): Promise<Result> {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await gateway.freshToken()}`,
      },
      body: `{"query":${JSON.stringify(query)},"variables":${variables}}`,
    });
    const { data, errors } = (await response.json()) as {
      data: { result: Result };
      errors?: unknown;
    };
    expect({ status: response.status, errors }).toEqual({ status: 200, errors: undefined });
    return data.result;
  }

  async function expectIssues(
    query: string,
    variables: string,
    ...issues: readonly (readonly [path: readonly string[], message: RegExp])[]
  ): Promise<void> {
    const result = await ask(query, variables);
    expect(result).toMatchObject({
      __typename: 'ExecutionContextInputError',
      code: 'INVALID_INPUT',
      issues: issues.map(([path, message]) => ({
        path,
        message: expect.stringMatching(message) as string,
      })),
    });
    expect(result.message).toContain(issues[0]?.[0][0] ?? '');
    expect(gateway.upstream.requests).toEqual([]);
  }

  describe.each(badIds)('with an id of %s', (_, id, message) => {
    it('is refused as the id of a context', async () => {
      await expectIssues(documents.fetch, `{"id":${id}}`, [['id'], message]);
      await expectIssues(documents.delete, `{"id":${id}}`, [['id'], message]);
      await expectIssues(documents.update, `{"id":${id},"input":{"context":1}}`, [['id'], message]);
    });

    it('is refused as the id of anything else', async () => {
      await expectIssues(
        documents.create,
        `{"input":{"agentId":${id},"workflowId":${id},"userId":${id},"sessionId":${id}}}`,
        [['input', 'agentId'], message],
        [['input', 'workflowId'], message],
        [['input', 'userId'], message],
        [['input', 'sessionId'], message],
      );
      await expectIssues(documents.update, `{"id":"ctx_1","input":{"sessionId":${id}}}`, [
        ['input', 'sessionId'],
        message,
      ]);
      await expectIssues(
        documents.list,
        `{"agentId":${id},"workflowId":${id}}`,
        [['agentId'], message],
        [['workflowId'], message],
      );
    });
  });

  it.each(goodIds)('with an id of %s is taken', async (_, id) => {
    expect(await ask(documents.fetch, `{"id":${id}}`)).toEqual({
      __typename: 'ExecutionContextNotFoundError',
    });
    expect(gateway.upstream.requests).toHaveLength(1);
  });

  it('keeps the digits of an id that is a literal, whatever its size', async () => {
    const document = documents.fetch
      .replace('($id: ID!)', '')
      .replace('$id', '12345678901234567890');
    await ask(document, '{}');
    expect(gateway.upstream.requests[0]?.path).toBe('/ai-execution-context/12345678901234567890');
  });

  it.each([
    ['nothing', '{}'],
    ['a context of null', '{"context":null}'],
    ['a session of null', '{"sessionId":null}'],
    ['two nulls', '{"context":null,"sessionId":null}'],
  ])('with %s to update is refused', async (_, input) => {
    await expectIssues(documents.update, `{"id":"ctx_1","input":${input}}`, [['input'], /nothing/]);
  });

  it.each([
    ['{"page":0}', [['page'], /at least 1/]],
    ['{"page":-1}', [['page'], /at least 1/]],
    ['{"perPage":0}', [['perPage'], /1 to 100/]],
    ['{"perPage":101}', [['perPage'], /1 to 100/]],
    ['{"perPage":-2147483648}', [['perPage'], /1 to 100/]],
  ] as const)('with the page %s is refused', async (variables, issue) => {
    await expectIssues(documents.list, variables, issue);
  });

  it('that is wrong in several places is refused for all of them', async () => {
    await expectIssues(
      documents.list,
      '{"page":0,"perPage":101,"agentId":"","workflowId":".."}',
      [['page'], /1/],
      [['perPage'], /100/],
      [['agentId'], /empty/],
      [['workflowId'], /"\.\."/],
    );
    await expectIssues(
      documents.update,
      '{"id":"","input":{"sessionId":""}}',
      [['id'], /empty/],
      [['input', 'sessionId'], /empty/],
    );
  });

  describe('nested too deep', () => {
    const path = (...keys: string[]) => ['input', 'context', ...keys];
    const deep: readonly (readonly [string, string, readonly string[]])[] = [
      ['an array of 129 levels', nested(129), path(...zeros(128))],
      ['an array of 20,000 levels', nested(20_000), path(...zeros(128))],
      ['an object of 129 levels', `{"a":${nested(128)}}`, path('a', ...zeros(127))],
      ['a late member', `[1,{"b":[]},{"c":${nested(127)}}]`, path('2', 'c', ...zeros(126))],
      ['a value kept exact', `{"n":1e400,"a":${nested(128)}}`, path('a', ...zeros(127))],
    ];

    it.each(deep)('is refused in variables: %s', async (_, context, issue) => {
      await expectIssues(documents.update, `{"id":"ctx_1","input":{"context":${context}}}`, [
        issue,
        /128/,
      ]);
      await expectIssues(documents.create, `{"input":{"agentId":"a","context":${context}}}`, [
        issue,
        /128/,
      ]);
    });

    it.each([
      ['is told exactly', 'k'.repeat(256), 'k'.repeat(256)],
      ['is cut', 'k'.repeat(257), `${'k'.repeat(256)}…`],
      ['is cut beside no half of a character', 'k'.repeat(255) + '😀😀', `${'k'.repeat(255)}…`],
    ])('below a long key, which %s', async (_, key, shown) => {
      const context = `{${JSON.stringify(key)}:`.repeat(128) + '{}' + '}'.repeat(128);
      const variables = `{"id":"ctx_1","input":{"context":${context}}}`;
      const issue = path(...Array<string>(128).fill(shown));
      await expectIssues(documents.update, variables, [issue, /128/]);
      const { message } = await ask(documents.update, variables);
      expect(message?.length).toBeLessThan(600);
    });

    it('is told on one line, whatever is in its keys', async () => {
      const key = 'a\nb\u0085\u2028c';
      const context = `{${JSON.stringify(key)}:${nested(128)}}`;
      const variables = `{"id":"ctx_1","input":{"context":${context}}}`;
      await expectIssues(documents.update, variables, [path(key, ...zeros(127)), /128/]);
      const { message } = await ask(documents.update, variables);
      expect(message).toBe('input.context.a b c.0.0.0.0.0 must not nest deeper than 128 levels.');
    });

    it('is refused in a literal', async () => {
      const document = documents.update
        .replace('($id: ID!, $input: UpdateExecutionContextInput!)', '')
        .replace('id: $id, input: $input', `id: "ctx_1", input: { context: ${nested(129)} }`);
      await expectIssues(document, '{}', [path(...zeros(128)), /128/]);
    });

    it('is taken at 128 levels, in variables and in a literal', async () => {
      gateway.upstream.seed({ id: 'ctx_1' });
      const variables = `{"id":"ctx_1","input":{"context":${nested(128)}}}`;
      const taken = { __typename: 'AiExecutionContext' };
      expect(await ask(documents.update, variables)).toEqual(taken);
      expect(gateway.upstream.stored('ctx_1')?.context).toEqual(parsed(nested(128)));
      const document = documents.update
        .replace('($id: ID!, $input: UpdateExecutionContextInput!)', '')
        .replace('id: $id, input: $input', `id: "ctx_1", input: { context: ${nested(128)} }`);
      expect(await ask(document, '{}')).toEqual(taken);
    });
  });

  it('is looked at only of a caller who is known', async () => {
    const answer = await gateway.ask(documents.fetch, { id: '' });
    expect(answer.body).toEqual({
      data: { result: { __typename: 'ExecutionContextAuthenticationError' } },
    });
  });
});

describe('a literal of 20,000 levels', () => {
  it('is an error of the document, and the gateway lives on', async () => {
    const gateway = await startTestGateway();
    const token = await gateway.freshToken();
    const query = `mutation { updateExecutionContext(id: "1", input: { context: ${nested(20_000)} }) { __typename } }`;
    const answer = await gateway.ask(query, {}, { token });
    expect(answer.status).toBeLessThan(500);
    expect(answer.body).toMatchObject({ errors: [{ message: expect.any(String) as string }] });
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
    await gateway.close();
  });
});
