import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { send } from './request.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

/** What comes back for these bytes, until the gateway closes the connection. */
async function answerTo(...lines: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  await once(socket, 'connect');
  socket.write(lines.join('\r\n'));
  const answer = await text(socket);
  socket.end();
  return answer;
}

describe('what is no valid HTTP', () => {
  it.each([
    ['a word', ['hello', '', ''], 400, 'BAD_REQUEST'],
    ['an unknown method', ['FETCH /graphql HTTP/1.1', '', ''], 400, 'BAD_REQUEST'],
    ['no host', ['GET /health HTTP/1.1', '', ''], 400, 'BAD_REQUEST'],
    ['a host that is none', ['GET /graphql/ HTTP/1.1', 'host: a b', '', ''], 400, 'BAD_REQUEST'],
    ['a host with a path', ['GET /graphql HTTP/1.1', 'host: a/b', '', ''], 400, 'BAD_REQUEST'],
    ['a host and a half', ['GET /graphql HTTP/1.1', 'host: a:99999', '', ''], 400, 'BAD_REQUEST'],
    ['a bad header', ['GET /health HTTP/1.1', 'ho st: x', '', ''], 400, 'BAD_REQUEST'],
    [
      'headers without end',
      ['GET /health HTTP/1.1', 'host: x', `x: ${'y'.repeat(20_000)}`],
      431,
      'HEADERS_TOO_LARGE',
    ],
    [
      'a body in bad chunks',
      ['POST /graphql HTTP/1.1', 'host: x', 'transfer-encoding: chunked', '', 'no number', ''],
      400,
      'BAD_REQUEST',
    ],
  ] as const)('is refused as every other request is: %s', async (_, lines, status, code) => {
    const [head = '', body = ''] = (await answerTo(...lines)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toMatch(/\r\nconnection: close\r\n/);
    expect(head).toMatch(/\r\nx-request-id: [-0-9a-f]{36}(?:\r|$)/);
    expect(JSON.parse(body)).toEqual({
      errors: [{ message: expect.any(String) as string, extensions: { code } }],
    });
    expect(body).not.toContain('HPE_');
  });

  it('is not a host with a port, an IPv6 address, or HTTP of old without any', async () => {
    const close = ['connection: close', '', ''];
    for (const head of [
      ['GET /health HTTP/1.1', 'host: gateway.example:4000'],
      ['GET /health HTTP/1.1', 'host: [::1]:4000'],
      ['GET /graphql/?query=%7B__typename%7D HTTP/1.0'],
    ]) {
      expect(await answerTo(...head, ...close)).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    }
  });

  it('comes after the answers to what was valid before it on the connection', async () => {
    const good = ['GET /health HTTP/1.1', 'host: x', '', ''];
    const answers = await answerTo(...good, 'nonsense', '', '');
    expect(answers.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
    expect(answers).toContain('{"status":"ok"}HTTP/1.1 400');
  });
});

describe('an expectation nobody knows', () => {
  it('is none that a request would fail for', async () => {
    const headers = { 'content-type': 'application/json', expect: 'miracles' };
    const answer = await send(gateway.url, { headers, body: '{"query":"{ __typename }"}' });
    expect(answer).toMatchObject({ status: 200, body: '{"data":{"__typename":"Query"}}' });
  });
});
