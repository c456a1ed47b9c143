import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { reply } from '../support/upstream-faults.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

const exact =
  '{\n  "big": 9007199254740993,\r\n\t"text": "a\\nb",\r  "list": [\n1.0,\n\n2e400 ]\n}';

describe('a pretty-printed context', () => {
  it.each([
    ['an answer as a stream', 'query', 'executionContext'],
    ['a subscription', 'subscription', 'executionContextUpdated'],
  ])('stays within the lines of an event, to the digit: %s', async (_, type, field) => {
    const body = `{\n"id": "ctx_1", "user_id": "alice", "context": ${exact}\n}`;
    gateway.upstream.always(reply(200, body));
    const leaving = new AbortController();
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        authorization: `Bearer ${await gateway.tokenOf('alice')}`,
      },
      body: JSON.stringify({
        query: `${type} { ${field}(id: "ctx_1") { ... on AiExecutionContext { context } } }`,
      }),
      signal: leaving.signal,
    });
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (/event: next[^]*?(\r\n|\n|\r)\1/.test(text)) break;
    }
    leaving.abort();
    for (const line of text.split(/\r\n|\n|\r/))
      expect(line).toMatch(/^(?:$|:|event: ?|data: ?|id: ?)/);
    const data = [...text.matchAll(/^data: ?(.*)$/gm)].map(([, rest]) => rest).join('');
    expect(data.replace(/\s/g, '')).toContain(exact.replace(/\s/g, ''));
  });
});
