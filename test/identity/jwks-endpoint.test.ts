import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';

import { pino } from 'pino';
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';

import { createJwksEndpoint, KeyFetchError } from '../../src/identity/jwks-endpoint.ts';
import { createTokenVerifier } from '../../src/identity/token-verifier.ts';
import type { TokenVerifierOptions } from '../../src/identity/token-verifier.ts';
import { answerWith, hang, reset, startIssuer } from '../support/issuer.ts';
import type { Answer, Issuer } from '../support/issuer.ts';

const bound = 256 * 1024;

let issuer: Issuer;

beforeAll(async () => {
  issuer = await startIssuer();
  return () => issuer.close();
});

beforeEach(() => {
  issuer.answer(undefined);
});

async function fetchJwks(): Promise<unknown> {
  return createJwksEndpoint({ url: issuer.jwksUrl })(async (jwks) => jwks);
}

/** A set that is `bytes` long as JSON. */
function setOf(bytes: number): string {
  const set = JSON.stringify({ keys: [issuer.key.jwk] });
  return set + ' '.repeat(bytes - set.length);
}

function encoded(coding: string, body: string | Uint8Array): Answer {
  return answerWith(200, body, { 'content-encoding': coding });
}

const codings: Record<string, [header: string, encode: (body: string) => Uint8Array]> = {
  gzip: ['gzip', gzipSync],
  'gzip by its old name': ['x-gzip', gzipSync],
  'gzip in capitals': ['GZIP', gzipSync],
  deflate: ['deflate', deflateSync],
  'deflate without the zlib header': ['deflate', deflateRawSync],
  br: ['br', brotliCompressSync],
  'two codings': ['gzip, br', (body) => brotliCompressSync(gzipSync(body))],
};

describe('a server that compresses', () => {
  test('is asked not to', async () => {
    let asked: unknown;
    issuer.answer((response) => {
      asked = response.req.headers['accept-encoding'];
      response.end(setOf(1000));
    });
    await fetchJwks();
    expect(asked).toBe('identity');
  });

  test.each(Object.entries(codings))('is understood: %s', async (_, [header, encode]) => {
    issuer.answer(encoded(header, encode(setOf(1000))));
    const verifier = createTokenVerifier({ issuer: issuer.url });
    await expect(verifier.verify(await issuer.token())).resolves.toMatchObject({ kind: 'user' });
  });

  test.each(['', 'identity', 'Identity', ' , identity'])(
    'may call no compression %j',
    async (header) => {
      issuer.answer(encoded(header, setOf(1000)));
      await expect(fetchJwks()).resolves.toEqual({ keys: [issuer.key.jwk] });
    },
  );

  test.each(Object.entries(codings))('has the bound of decoded bytes: %s', async (_, coding) => {
    const [header, encode] = coding;
    issuer.answer(encoded(header, encode(setOf(bound))));
    await expect(fetchJwks()).resolves.toBeTypeOf('object');
    issuer.answer(encoded(header, encode(setOf(bound + 1))));
    await expect(fetchJwks()).rejects.toMatchObject({ code: 'JWKS_TOO_LARGE' });
    issuer.answer(encoded(header, encode(' '.repeat(100 * bound))));
    await expect(fetchJwks()).rejects.toMatchObject({ code: 'JWKS_TOO_LARGE' });
  });

  test('has the same bound where it does not compress', async () => {
    issuer.answer(answerWith(200, setOf(bound)));
    await expect(fetchJwks()).resolves.toBeTypeOf('object');
    issuer.answer(answerWith(200, setOf(bound + 1)));
    await expect(fetchJwks()).rejects.toMatchObject({ code: 'JWKS_TOO_LARGE' });
  });

  test.each(['gzip', 'deflate', 'br'])('is no success where its %s is broken', async (header) => {
    for (const body of ['', 'x', '{"keys":[]}', gzipSync(setOf(1000)).subarray(0, 100)]) {
      issuer.answer(encoded(header, body));
      await expect(fetchJwks()).rejects.toBeInstanceOf(KeyFetchError);
    }
  });
});

test('a byte order mark before the set is no part of it', async () => {
  issuer.answer(answerWith(200, `\uFEFF${setOf(1000)}`));
  await expect(fetchJwks()).resolves.toEqual({ keys: [issuer.key.jwk] });
});

/** What `onKeyFetch` is told of a fetch that fails. */
async function causeOf(options: Partial<TokenVerifierOptions> = {}): Promise<KeyFetchError> {
  const told: unknown[] = [];
  const verifier = createTokenVerifier({
    issuer: issuer.url,
    ...options,
    onKeyFetch: (outcome, cause) => told.push(outcome, cause),
  });
  const refusal = await Promise.resolve(verifier.verify(await issuer.token())).catch(
    (error: unknown) => error,
  );
  expect(told).toEqual(['failed', expect.any(KeyFetchError)]);
  expect(refusal).toHaveProperty('cause', told[1]);
  return told[1] as KeyFetchError;
}

async function listenTcp(): Promise<number> {
  const server = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

describe('the cause of a failed fetch', () => {
  test.each<[string, Answer, object]>([
    ['a status', answerWith(404), { code: 'JWKS_STATUS', status: 404 }],
    ['a redirect', answerWith(302, '', { location: '/x' }), { code: 'JWKS_STATUS', status: 302 }],
    ['no JSON', answerWith(200, '<p>hush</p>'), { code: 'JWKS_NOT_JSON', status: 200 }],
    ['no key set', answerWith(200, '{"hush":1}'), { code: 'JWKS_INVALID', status: 200 }],
    ['an unknown coding', encoded('zzz', 'hush'), { code: 'JWKS_CONTENT_ENCODING', status: 200 }],
    ['a lost connection', reset, { code: 'UND_ERR_SOCKET', status: null }],
    ['silence', hang, { code: 'JWKS_TIMEOUT', status: null }],
    [
      'silence in the middle of the body',
      (response) => response.writeHead(200).write('{"keys":'),
      { code: 'JWKS_TIMEOUT', status: 200 },
    ],
    [
      'silence in the middle of an error page',
      (response) => response.writeHead(500).write('<html>'),
      { code: 'JWKS_STATUS', status: 500 },
    ],
  ])('names %s, the host and the port', async (name, answer, expected) => {
    issuer.answer(answer);
    const cause = await causeOf({ jwksTimeoutMs: name.startsWith('silence') ? 200 : 3000 });
    expect(cause).toMatchObject({
      ...expected,
      host: '127.0.0.1',
      port: Number(new URL(issuer.url).port),
    });
    expect(cause.message).toContain(new URL(issuer.url).host);
    expect(cause.message).toContain(cause.code);
    expect(cause.message).not.toContain('hush');
  });

  test('tells a refused connection, a name that does not resolve, and other protocols apart', async () => {
    const tcp = await listenTcp();
    const closed = await startIssuer();
    await closed.close();
    const https = issuer.jwksUrl.replace('http:', 'https:');
    const codes = [];
    for (const jwksUrl of [
      closed.jwksUrl,
      'https://issuer.invalid/jwks',
      https,
      `http://127.0.0.1:${tcp}/jwks`,
    ]) {
      codes.push((await causeOf({ jwksUrl })).code);
    }
    expect(codes).toEqual([
      'ECONNREFUSED',
      expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/),
      expect.stringMatching(/^(EPROTO|ERR_SSL_\w+)$/),
      expect.stringMatching(/^(HTTPParserError|HPE_\w+)$/),
    ]);
  });

  test('names the port that a URL leaves out', async () => {
    await expect(causeOf({ jwksUrl: 'https://issuer.invalid/' })).resolves.toMatchObject({
      host: 'issuer.invalid',
      port: 443,
    });
  });

  test('has the same message as long as it is the same', async () => {
    const https = issuer.jwksUrl.replace('http:', 'https:');
    const messages = await Promise.all(
      [https, https, issuer.jwksUrl].map(async (jwksUrl) => {
        issuer.answer(answerWith(500));
        return (await causeOf({ jwksUrl })).message;
      }),
    );
    expect(messages[0]).toBe(messages[1]);
    expect(messages[0]).not.toBe(messages[2]);
  });

  test('has no path, query, credentials or body in it, however it is printed', async () => {
    const jwksUrl = issuer.jwksUrl.replace('//', '//hush:hush@') + '/hush?key=hush';
    for (const answer of [answerWith(200, 'hush'), answerWith(401, 'hush'), reset]) {
      issuer.answer(answer);
      const cause = await causeOf({ jwksUrl });
      const lines: string[] = [];
      pino({ level: 'trace' }, { write: (line: string) => lines.push(line) }).warn({ err: cause });
      lines.push(inspect(cause, { depth: 9, showHidden: true }), JSON.stringify(cause));
      expect(lines.join()).toContain(cause.code);
      expect(lines.join()).not.toContain('hush');
    }
  });

  test('is left out where a fetch succeeds', async () => {
    const told: unknown[][] = [];
    const verifier = createTokenVerifier({
      issuer: issuer.url,
      onKeyFetch: (...fetched) => told.push(fetched),
    });
    await verifier.verify(await issuer.token());
    expect(told).toEqual([['fetched']]);
  });
});
