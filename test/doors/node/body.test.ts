import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { send } from './request.ts';

const maxBodyBytes = 1_000;
const json = { 'content-type': 'application/json' };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { MAX_BODY_BYTES: String(maxBodyBytes) } });
});
afterAll(() => gateway.close());

function documentOf(bytes: number): string {
  const body = JSON.stringify({ query: '{ __typename }' });
  return body + ' '.repeat(bytes - body.length);
}

function errorOf(body: string): unknown {
  return (JSON.parse(body) as { errors: unknown[] }).errors[0];
}

const tooLarge = {
  message: 'The request body is larger than 1000 bytes.',
  extensions: { code: 'PAYLOAD_TOO_LARGE' },
};

describe('a request body', () => {
  it('may be as long as the limit', async () => {
    const answer = await send(gateway.url, { headers: json, body: documentOf(maxBodyBytes) });
    expect(answer.status).toBe(200);
  });

  it.each([
    ['by its own word', documentOf(maxBodyBytes + 1)],
    ['in chunks', [documentOf(maxBodyBytes), ' ']],
    ['by megabytes, as the client still writes', documentOf(8 * 1024 * 1024)],
    ['by megabytes in chunks', Array<string>(80).fill(' '.repeat(100_000))],
  ])('that is longer is told so, %s', async (_name, body) => {
    const answer = await send(gateway.url, { headers: json, body });
    expect(answer.status).toBe(413);
    expect(errorOf(answer.body)).toEqual(tooLarge);
  });

  it('that is longer is told so to fetch, too', async () => {
    const body = documentOf(4 * 1024 * 1024);
    const answer = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers: json, body });
    expect(answer.status).toBe(413);
    expect(errorOf(await answer.text())).toEqual(tooLarge);
  });

  it('must not be compressed', async () => {
    const answer = await send(gateway.url, {
      headers: { ...json, 'content-encoding': 'gzip' },
      body: gzipSync(documentOf(100)),
    });
    expect(answer.status).toBe(415);
    expect(answer.headers['accept-encoding']).toBe('identity');
    expect(errorOf(answer.body)).toMatchObject({
      extensions: { code: 'UNSUPPORTED_MEDIA_TYPE' },
    });
  });

  it.each(['/graphql', '/graphql/'])('must be UTF-8, at %s', async (path) => {
    const body = Buffer.from('{"query": "{ __typename }", "variables": {"a": "\xe9"}}', 'latin1');
    const answer = await send(gateway.url, { path, headers: json, body });
    expect(answer.status).toBe(400);
    expect(errorOf(answer.body)).toMatchObject({ message: 'The request body must be UTF-8.' });
  });

  it.each([
    ['a form', 'application/x-www-form-urlencoded', 'query={__typename}'],
    ['a multipart form', 'multipart/form-data; boundary=x', '--x--'],
    ['plain text', 'text/plain', '{"query":"{ __typename }"}'],
    ['bare GraphQL', 'application/graphql', '{ __typename }'],
  ])('must not be %s, which browsers may send unasked', async (_name, contentType, body) => {
    const answer = await send(gateway.url, { headers: { 'content-type': contentType }, body });
    expect(answer.status).toBe(415);
    expect(errorOf(answer.body)).toMatchObject({
      message: 'The request body must be JSON: send content-type application/json.',
    });
  });

  it('without a content type is refused as well', async () => {
    const answer = await send(gateway.url, { body: documentOf(100) });
    expect(answer.status).toBe(415);
  });

  it('must be one operation', async () => {
    const answer = await send(gateway.url, { headers: json, body: `[${documentOf(100)}]` });
    expect(answer.status).toBe(400);
    expect(errorOf(answer.body)).toMatchObject({
      message: 'The request body must be one operation: batching is not supported.',
    });
  });
});

describe('a GET request', () => {
  function get(parameters: Readonly<Record<string, string>>) {
    const path = `/graphql?${new URLSearchParams(parameters).toString()}`;
    return send(gateway.url, { method: 'GET', path, headers: { accept: 'application/json' } });
  }

  it('may ask a query', async () => {
    expect(await get({ query: '{ __typename }' })).toMatchObject({ status: 200 });
  });

  it('cannot change anything: a page of somebody else’s could send it', async () => {
    const answer = await get({
      query: 'mutation { deleteExecutionContext(id: "1") { __typename } }',
    });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe('POST');
    expect(gateway.upstream.requests).toEqual([]);
  });

  it('says which parameter is no JSON', async () => {
    const answer = await get({ query: '{ __typename }', variables: '{' });
    expect(answer.status).toBe(400);
    expect(errorOf(answer.body)).toMatchObject({
      message: 'The parameter variables must be valid JSON.',
    });
  });
});
