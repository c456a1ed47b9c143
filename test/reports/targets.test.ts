import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { answersTo, closing, lines, post, statusesIn, typename } from '../support/wire.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

describe('a target in absolute form', () => {
  it.each([
    'http://gateway/graphql',
    'HTTP://gateway:4000/graphql',
    'https://user@gateway/graphql',
    'http://[::1]:4000/graphql/',
    'http://another.example/graphql?',
  ])('is the path in it: %s', async (target) => {
    const request = post(typename, closing).replace('/graphql', target);
    const answer = await answersTo(gateway.url, request);
    expect(statusesIn(answer)).toEqual([200]);
    expect(answer).toContain('{"data":{"__typename":"Query"}}');
  });

  it.each([
    ['http://gateway/health', 200],
    ['http://gateway/graphql?query=%7B__typename%7D', 200],
    ['http://gateway/graphqls', 404],
    ['http://gateway', 404],
    ['http://gateway?x=/graphql', 404],
    ['//gateway/graphql', 404],
  ])('is no other: %s', async (target, status) => {
    const head = [`GET ${target} HTTP/1.1`, 'host: gateway', 'accept: application/json', closing];
    expect(statusesIn(await answersTo(gateway.url, lines(...head, '', '')))).toEqual([status]);
  });
});

describe('a header that may come once', () => {
  it.each([
    ['two hosts', ['host: other']],
    ['one host twice', ['Host: gateway']],
    ['two tokens', ['authorization: Bearer a', 'authorization: Bearer b']],
    ['one token twice', ['Authorization: Bearer a', 'authorization: Bearer a']],
    ['a token and none', ['authorization: Bearer a', 'authorization:']],
  ])('is refused where it comes twice, at any path: %s', async (_, headers) => {
    for (const path of ['/graphql', '/graphql/', 'http://gateway/graphql']) {
      const request = post(typename, closing, ...headers).replace('/graphql', path);
      const answer = await answersTo(gateway.url, request);
      expect(statusesIn(answer)).toEqual([400]);
      expect(answer).toMatch(/one (?:Host|Authorization) header/);
    }
  });
});
