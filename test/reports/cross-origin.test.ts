import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import {
  answersTo,
  closing,
  headerIn,
  lines,
  post,
  statusesIn,
  typename,
} from '../support/wire.ts';

const allowed = 'https://app.example.com';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    env: { CORS_ORIGINS: `${allowed},https://other.example.com`, MAX_BODY_BYTES: '1000' },
  });
});
afterAll(() => gateway.close());

function get(path: string, ...headers: readonly string[]): string {
  return lines(`GET ${path} HTTP/1.1`, 'host: gateway', closing, ...headers, '', '');
}

const large = ' '.repeat(1_001);
const chunked = lines(
  'POST /graphql HTTP/1.1',
  'host: gateway',
  'content-type: application/json',
  'transfer-encoding: chunked',
  closing,
);

/** Each may be followed by more headers. */
const answers: readonly (readonly [string, number, (...headers: readonly string[]) => string])[] = [
  ['an answer', 200, (...more) => post(typename, closing, ...more)],
  ['a syntax error', 200, (...more) => post('{"query":"{"}', closing, ...more)],
  ['no JSON', 400, (...more) => post('{', closing, ...more)],
  ['no UTF-8', 400, (...more) => post(Buffer.from([0xff]), closing, ...more)],
  ['nothing that can be sent', 406, (...more) => post(typename, closing, 'accept: a/b', ...more)],
  ['a body that is too large', 413, (...more) => post(large, closing, ...more)],
  [
    'one that turns out to be',
    413,
    (...more) => lines(chunked, ...more, '', '3e9', large, '0', '', ''),
  ],
  ['chunks that are none', 400, (...more) => lines(chunked, ...more, '', 'x', '')],
  ['another type', 415, (...more) => post(typename, closing, 'content-type: text/plain', ...more)],
  ['a coding', 415, (...more) => post(typename, closing, 'content-encoding: br', ...more)],
  [
    'two tokens',
    400,
    (...more) => post(typename, closing, 'authorization: a', 'authorization: b', ...more),
  ],
  ['two hosts', 400, (...more) => post(typename, closing, 'host: other', ...more)],
  ['another path', 404, (...more) => get('/elsewhere', ...more)],
  ['a path below', 404, (...more) => get('/graphql/elsewhere/x', ...more)],
  ['a probe', 200, (...more) => get('/health', ...more)],
  ['the metrics', 200, (...more) => get('/metrics', ...more)],
  ['a method of no probe', 405, (...more) => get('/health', ...more).replace('GET', 'PUT')],
  [
    'a mutation by GET',
    405,
    (...more) =>
      get('/graphql?query=mutation%7Bx:__typename%7D', 'accept: application/json', ...more),
  ],
  ['an unknown method', 405, (...more) => get('/graphql', ...more).replace('GET', 'DELETE')],
];

describe('a page of an allowed origin', () => {
  it.each(answers)('may read %s (%i)', async (_, status, request) => {
    const answer = await answersTo(gateway.url, request(`origin: ${allowed}`));
    expect(statusesIn(answer)).toEqual([status]);
    expect(headerIn(answer, 'access-control-allow-origin')).toBe(allowed);
    expect(headerIn(answer, 'access-control-expose-headers')).toContain('x-request-id');
    expect(headerIn(answer, 'vary')?.toLowerCase()).toContain('origin');
  });
});

describe('a page of another origin, and whoever has none', () => {
  it.each(answers)(
    'is told nothing of %s that a cache could mix up (%i)',
    async (_, status, request) => {
      for (const headers of [[], ['origin: https://evil.example.com']]) {
        const answer = await answersTo(gateway.url, request(...headers));
        expect(statusesIn(answer)).toEqual([status]);
        expect(headerIn(answer, 'access-control-allow-origin')).toBeUndefined();
        expect(headerIn(answer, 'vary')?.toLowerCase()).toContain('origin');
      }
    },
  );
});
