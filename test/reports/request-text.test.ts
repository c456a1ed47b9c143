import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { answersTo, closing, lines, post, statusesIn, typename } from '../support/wire.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  gateway.upstream.seed({ id: 'what?' }, { id: 'a&b=c+d?e#f' });
});
afterAll(() => gateway.close());

const fetchOne =
  'query ($id: ID!) { executionContext(id: $id) { ... on AiExecutionContext { id } } }';

describe('a question mark in a GET request', () => {
  /** Leaves what URLs allow as it is, as many clients do. */
  function spelled(text: string): string {
    return encodeURIComponent(text).replaceAll('%3F', '?').replaceAll('%2F', '/');
  }

  it.each([
    ['in the variables', fetchOne, 'what?'],
    ['in both', `${fetchOne} # is it there?`, 'what?'],
    ['beside what else separates', fetchOne, 'a&b=c+d?e#f'],
  ])('separates nothing but once: %s', async (_, query, id) => {
    const search = `query=${spelled(query)}&variables=${spelled(JSON.stringify({ id }))}`;
    const answer = await answersTo(
      gateway.url,
      lines(
        `GET /graphql?${search} HTTP/1.1`,
        'host: gateway',
        'accept: application/json',
        `authorization: Bearer ${await gateway.freshToken()}`,
        closing,
        '',
        '',
      ),
    );
    expect(statusesIn(answer)).toEqual([200]);
    expect(answer).toContain(JSON.stringify({ executionContext: { id } }));
  });
});

describe('a byte order mark', () => {
  const mark = Buffer.from([0xef, 0xbb, 0xbf]);
  const body = Buffer.from(typename);

  it.each(['/graphql', '/graphql/'])('before the body is no part of it, at %s', async (path) => {
    const request = post(Buffer.concat([mark, body]), closing).replace('/graphql', path);
    const answer = await answersTo(gateway.url, request);
    expect(statusesIn(answer)).toEqual([200]);
  });

  it('alone or behind it is', async () => {
    for (const bytes of [mark, Buffer.concat([body, mark])]) {
      expect(statusesIn(await answersTo(gateway.url, post(bytes, closing)))).toEqual([400]);
    }
  });
});

describe('a coding of the body', () => {
  it.each([
    ['Identity', ['content-encoding: Identity'], 200],
    ['identity, said twice', ['content-encoding: identity,', 'content-encoding: identity'], 200],
    ['gzip', ['content-encoding: gzip'], 415],
    ['gzip, and then none', ['content-encoding: gzip', 'content-encoding: identity'], 415],
    ['two in one header', ['content-encoding: identity, br'], 415],
  ])(
    'is refused unless it is none, however many headers say it: %s',
    async (_, headers, status) => {
      const answer = await answersTo(gateway.url, post(typename, closing, ...headers));
      expect(statusesIn(answer)).toEqual([status]);
    },
  );
});
