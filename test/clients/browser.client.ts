import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { mintSandboxToken } from '../../src/sandbox/index.ts';
import { browserInstalled, launchBrowser } from '../support/browser.ts';
import { startSandboxGateway, type SandboxGateway } from '../support/sandbox-gateway.ts';
import { relay } from './recipes/vite-relay.ts';

/** Where Vite serves pages unless it is told otherwise: the sandbox lets them call. */
const origin = 'http://127.0.0.1:5173';

describe.runIf(browserInstalled())('a page of a local Vite', () => {
  let vite: ViteDevServer;
  let gateway: SandboxGateway;
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];

  beforeAll(async () => {
    vite = await createServer({
      root: fileURLToPath(new URL('browser', import.meta.url)),
      configFile: false,
      logLevel: 'error',
      plugins: [relay()],
      server: { port: 0, host: '127.0.0.1', hmr: false, ws: false },
    });
    await vite.listen();
    gateway = await startSandboxGateway();
    browser = await launchBrowser();
    page = await browser.newPage();
    // A page that is intercepted below has no address, and Chromium asks before it may call a local one.
    await page.context().grantPermissions(['local-network-access']);
    page.on('pageerror', (error) => faults.push(error.message));
    // To the browser it is at Vite's port, whoever else has that on this machine.
    const address = vite.resolvedUrls?.local[0] ?? '';
    await page.route(`${origin}/**`, async (route) => {
      const response = await route.fetch({
        url: route.request().url().replace(`${origin}/`, address),
      });
      await route.fulfill({ response });
    });
    await page.goto(`${origin}/`);
    await page.waitForFunction(() => 'visit' in globalThis);
  });
  afterAll(async () => {
    await browser.close();
    await gateway[Symbol.asyncDispose]();
    await vite.close();
  });

  it.each([
    'Apollo Client, with graphql-ws',
    'Apollo Client, with graphql-sse and persisted documents',
    'urql, with graphql-ws',
    'urql, with graphcache and graphql-sse',
    'Relay, with graphql-ws',
    'Relay, with graphql-sse',
    'graphql-request, and graphql-ws',
    'graphql-request, and graphql-sse',
  ])('reads, writes and watches by %s', async (name) => {
    const progress = Math.random();
    const parameters = [name, `${gateway.url}/graphql`, await mintSandboxToken('alice'), progress];
    const members = await page.evaluate(
      (values) => (globalThis as unknown as { visit: Visit }).visit(...values),
      parameters as Parameters<Visit>,
    );
    expect(members).toMatchObject([
      { id: 'ctx_123' },
      { id: 'ctx_123', context: { progress } },
      { id: 'ctx_123', context: { progress } },
    ]);
    expect(faults).toEqual([]);
  });
});

type Visit = (name: string, url: string, token: string, progress: number) => Promise<unknown>;
