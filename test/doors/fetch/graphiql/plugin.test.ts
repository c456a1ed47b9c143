import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createStubYoga } from './stub-gateway.ts';

const endpoint = 'http://gateway.test/graphql';
const yoga = createStubYoga({ token: 'token-1' });

const browserAccept = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8';

async function getPage(from = yoga, url = endpoint): Promise<string> {
  const response = await from.fetch(url, { headers: { accept: browserAccept } });
  return response.text();
}

function assetUrl(page: string, name: string): string {
  const url = new RegExp(`(?:src|href)="([^"]*/${name})"`).exec(page)?.[1];
  if (url === undefined) throw new Error(`The page does not load ${name}:\n${page}`);
  return new URL(url, endpoint).href;
}

function optionsOf(page: string): Record<string, unknown> {
  const json = /<script type="application\/json"[^>]*>(.*?)<\/script>/s.exec(page)?.[1];
  return JSON.parse(json ?? '') as Record<string, unknown>;
}

describe('the page', () => {
  it('is what a browser gets, and is never stored', async () => {
    const response = await yoga.fetch(endpoint, { headers: { accept: browserAccept } });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('vary')).toBe('accept');
    expect((await response.text()).length).toBeLessThan(10_000);
  });

  it.each([
    ['anything', '*/*'],
    ['JSON', 'application/json'],
    ['JSON rather than HTML', 'application/graphql-response+json, text/html;q=0.5'],
    ['no HTML', 'text/html;q=0, */*'],
    ['nothing in particular', undefined],
  ])('stays out of the way of who accepts %s', async (_, accept) => {
    const response = await yoga.fetch(`${endpoint}?query={__typename}`, {
      headers: accept === undefined ? {} : { accept },
    });
    expect(response.headers.get('content-type')).toMatch(/json/);
    expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
  });

  it('answers HEAD with the headers alone', async () => {
    const response = await yoga.fetch(endpoint, {
      method: 'HEAD',
      headers: { accept: browserAccept },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.text()).toBe('');
  });

  it('leaves other paths and methods to the rest of the gateway', async () => {
    const headers = { accept: browserAccept };
    expect((await yoga.fetch('http://gateway.test/graphqly', { headers })).status).toBe(404);
    const posted = await yoga.fetch(endpoint, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{"query":"{__typename}"}',
    });
    expect(await posted.json()).toEqual({ data: { __typename: 'Query' } });
  });

  it('allows nothing from elsewhere and no inline script', async () => {
    const response = await yoga.fetch(endpoint, { headers: { accept: browserAccept } });
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(policy).not.toMatch(/https?:|\*|blob:|unsafe-eval/);
    expect(await response.text()).not.toMatch(/https?:\/\//);
  });

  it('finds its files relative to itself, with and without a trailing slash', async () => {
    expect(await getPage()).toContain('src="graphql/graphiql/');
    expect(await getPage(yoga, `${endpoint}/`)).toContain('src="graphiql/');
  });

  it('asks for the headers anew each time', async () => {
    let minted = 0;
    const minting = createStubYoga({
      token: 'unused',
      headers: () => ({ authorization: `Bearer token-${++minted}` }),
    });
    const headers = [await getPage(minting), await getPage(minting)].map(
      (page) => optionsOf(page)['defaultHeaders'],
    );
    expect(headers).toEqual([
      '{\n  "authorization": "Bearer token-1"\n}',
      '{\n  "authorization": "Bearer token-2"\n}',
    ]);
  });

  it('cannot be broken out of by its title, tabs or headers', async () => {
    const hostile = '</script><!--<script>"\'&\u2028\u2029';
    const page = await getPage(
      createStubYoga({
        token: 'unused',
        title: hostile,
        tabs: [{ query: hostile, variables: { hostile } }],
        headers: { hostile },
      }),
    );
    expect(page.match(/<\/script>/g)).toHaveLength(3);
    expect(page).not.toContain('<!--');
    expect(page).toContain('<title>&lt;/script&gt;&lt;!--&lt;script&gt;&quot;&#39;&amp;');
    const { defaultTabs, title } = optionsOf(page);
    expect(defaultTabs).toEqual([
      { query: hostile, variables: JSON.stringify({ hostile }, null, 2) },
    ]);
    expect(title).toMatch(/^&lt;\/script&gt;/);
  });
});

describe('the bundle', () => {
  it('may be kept for good, under a name that changes with it', async () => {
    const url = assetUrl(await getPage(), 'graphiql.js');
    expect(url).toMatch(/\/graphql\/graphiql\/[0-9a-f]{16}\/graphiql\.js$/);
    const response = await yoga.fetch(url);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(await response.text()).toContain('renderYogaGraphiQL');
  });

  it('is compressed as the client asks', async () => {
    const url = assetUrl(await getPage(), 'graphiql.css');
    const plain = Buffer.from(await (await yoga.fetch(url)).arrayBuffer());

    const encoded = async (acceptEncoding: string) => {
      const response = await yoga.fetch(url, { headers: { 'accept-encoding': acceptEncoding } });
      const bytes = Buffer.from(await response.arrayBuffer());
      expect(response.headers.get('content-length')).toBe(String(bytes.length));
      expect(response.headers.get('vary')).toBe('accept-encoding');
      return { encoding: response.headers.get('content-encoding'), bytes };
    };
    const brotli = await encoded('gzip, deflate, br, zstd');
    expect(brotli.encoding).toBe('br');
    expect(brotliDecompressSync(brotli.bytes).equals(plain)).toBe(true);
    expect(brotli.bytes.length).toBeLessThan(plain.length / 2);

    const gzip = await encoded('gzip, br;q=0');
    expect(gzip.encoding).toBe('gzip');
    expect(gunzipSync(gzip.bytes).equals(plain)).toBe(true);

    const identity = await encoded('identity');
    expect(identity.encoding).toBeNull();
    expect(identity.bytes.equals(plain)).toBe(true);
  });

  it('is not sent again to who has it', async () => {
    const url = assetUrl(await getPage(), 'boot.js');
    const etag = (await yoga.fetch(url)).headers.get('etag') ?? '';
    const response = await yoga.fetch(url, { headers: { 'if-none-match': etag } });
    expect(response.status).toBe(304);
    expect(await response.text()).toBe('');
  });

  it('answers HEAD with the headers alone', async () => {
    const url = assetUrl(await getPage(), 'boot.js');
    const body = await (await yoga.fetch(url)).text();
    const response = await yoga.fetch(url, { method: 'HEAD' });
    expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(body)));
    expect(await response.text()).toBe('');
  });

  it.each(['0000000000000000/graphiql.js', 'graphiql.js', '%2e%2e/package.json', ''])(
    'does not have %j, and has that kept by nobody',
    async (path) => {
      const response = await yoga.fetch(`${endpoint}/graphiql/${path}`);
      expect(response.status).toBe(404);
      expect(response.headers.get('cache-control') ?? '').not.toMatch(/public|immutable/);
    },
  );
});
