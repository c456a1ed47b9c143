import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { browserInstalled, launchBrowser } from '../../support/browser.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { startSandboxGateway } from '../../support/sandbox-gateway.ts';

const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

async function get(url: string, headers: Record<string, string>) {
  const response = await fetch(`${url}/`, { headers });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

describe.skipIf(!browserInstalled())('GET / in a browser', () => {
  it.each(['light', 'dark'] as const)('is shown whole in %s colours', async (colorScheme) => {
    await using gateway = await startSandboxGateway();
    const chromium = await launchBrowser();
    try {
      const page = await chromium.newPage({ colorScheme, viewport: { width: 390, height: 844 } });
      const faults: string[] = [];
      page.on('console', (message) => faults.push(message.text()));
      await page.goto(gateway.url);
      expect(faults).toEqual([]);
      const luminance = await page.evaluate(
        'Number(getComputedStyle(document.body).backgroundColor.match(/[0-9]+/)[0])',
      );
      expect(Number(luminance) > 128).toBe(colorScheme === 'light');
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
      await page.getByText('GraphiQL as bob').click();
      await page.locator('.people [aria-current]', { hasText: 'bob' }).waitFor();
    } finally {
      await chromium.close();
    }
  });
});

describe('GET /', () => {
  let gateway: Awaited<ReturnType<typeof startSandboxGateway>>;
  beforeAll(async () => {
    gateway = await startSandboxGateway();
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  it('leads a browser to GraphiQL as each person of the sandbox, the schema and the probes', async () => {
    const { status, text, headers } = await get(gateway.url, browser);
    expect(status).toBe(200);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    const links = [...text.matchAll(/href="(\/[^"]*)"/g)].map(([, href]) => href ?? '');
    expect(links.slice(0, 3)).toEqual([
      '/graphql?as=alice',
      '/graphql?as=bob',
      '/graphql?as=admin',
    ]);
    for (const link of links) {
      const response = await fetch(gateway.url + link, {
        headers: browser,
      });
      expect(response.status, link).toBe(200);
      await response.arrayBuffer();
    }
    expect(links.slice(3)).toEqual(['/schema.graphql', '/health', '/ready', '/metrics']);
  });

  it('has the schema as text, for a browser and for a program', async () => {
    for (const headers of [browser, { accept: '*/*' }]) {
      const response = await fetch(`${gateway.url}/schema.graphql`, { headers });
      expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
      expect(await response.text()).toBe(readFileSync('schema.graphql', 'utf8'));
    }
  });

  it('opens GraphiQL with the token of who is named, and with alice’s for a stranger', async () => {
    const tokenOf = async (as: string) => {
      const response = await fetch(`${gateway.url}/graphql?as=${as}`, { headers: browser });
      const payload = /Bearer [^.]*\.([^.]*)\./.exec(await response.text())?.[1] ?? '';
      return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub: string }).sub;
    };
    expect(await tokenOf('bob')).toBe('bob');
    expect(await tokenOf('admin')).toBe('admin');
    expect(await tokenOf('mallory')).toBe('alice');
  });

  it.each([
    ['JSON', 'application/json', 404],
    ['anything', '*/*', 404],
    ['anything but HTML', 'text/html;q=0, */*', 404],
    ['a longer type', 'text/html-like', 404],
    ['a type whose parameter names HTML', 'application/json;profile="text/html"', 404],
    ['HTML in capitals', 'Text/HTML', 200],
    ['HTML as a second choice', 'application/json, text/html;q=0.5', 200],
  ])(
    'is a page for a client that accepts HTML by name only: one that accepts %s',
    async (_, accept, status) => {
      expect((await get(gateway.url, { accept })).status).toBe(status);
    },
  );
});

describe('GET / without GraphiQL', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ env: { GRAPHIQL: 'false' } });
  });
  afterAll(() => gateway.close());

  it('is nothing to anybody', async () => {
    expect((await get(gateway.url, browser)).status).toBe(404);
    expect((await fetch(`${gateway.url}/schema.graphql`)).status).toBe(404);
  });
});
