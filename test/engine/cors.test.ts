import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { send, type RawAnswer } from '../doors/node/request.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const app = 'https://app.example.com';
const body = JSON.stringify({ query: '{ __typename }' });

function corsHeadersOf({ headers }: RawAnswer): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => name.startsWith('access-control-') || name === 'vary',
    ),
  );
}

const preflight = {
  method: 'OPTIONS',
  headers: {
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type',
  },
};

describe.each(['/graphql', '/graphql/'])('CORS at %s', (path) => {
  let gateway: TestGateway;

  function post(origin: string) {
    const headers = { 'content-type': 'application/json', origin };
    return send(gateway.url, { path, headers, body });
  }
  function ask(origin: string) {
    return send(gateway.url, { ...preflight, path, headers: { ...preflight.headers, origin } });
  }

  describe('with one origin', () => {
    beforeAll(async () => {
      gateway = await startTestGateway({ env: { CORS_ORIGINS: app } });
    });
    afterAll(() => gateway.close());

    it('lets its pages read responses and the headers that are for them', async () => {
      expect(corsHeadersOf(await post(app))).toEqual({
        'access-control-allow-origin': app,
        'access-control-expose-headers': 'x-request-id, RateLimit, RateLimit-Policy',
        vary: 'origin',
      });
    });

    it('lets its pages send what they ask to, without cookies', async () => {
      const answer = await ask(app);
      expect(answer.status).toBe(204);
      expect(corsHeadersOf(answer)).toEqual({
        'access-control-allow-origin': app,
        'access-control-allow-methods': 'GET, POST',
        'access-control-allow-headers': 'authorization,content-type',
        'access-control-expose-headers': 'x-request-id, RateLimit, RateLimit-Policy',
        'access-control-max-age': '7200',
        vary: 'origin',
      });
    });

    it.each(['https://evil.example.com', 'https://app.example.com.evil.example', 'null'])(
      'gives pages of %s no header',
      async (origin) => {
        expect(corsHeadersOf(await post(origin))).toEqual({ vary: 'origin' });
        expect(corsHeadersOf(await ask(origin))).toEqual({ vary: 'origin' });
      },
    );
  });

  describe('with *', () => {
    beforeAll(async () => {
      gateway = await startTestGateway({ env: { CORS_ORIGINS: '*' } });
    });
    afterAll(() => gateway.close());

    it('lets every page read responses', async () => {
      expect(corsHeadersOf(await post('https://any.example.com'))).toMatchObject({
        'access-control-allow-origin': '*',
      });
    });
  });

  describe('unset', () => {
    beforeAll(async () => {
      gateway = await startTestGateway();
    });
    afterAll(() => gateway.close());

    it('gives no page a header', async () => {
      expect(corsHeadersOf(await post(app))).toEqual({});
      expect(corsHeadersOf(await ask(app))).toEqual({});
    });
  });
});
