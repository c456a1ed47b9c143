import type { Browser, Page } from 'playwright-core';
import { vi } from 'vitest';

/** Below the limit of a test, so that a failure says what was waited for. */
const timeout = 20_000;

interface GraphQLResult {
  readonly data?: Record<
    string,
    { readonly __typename: string; readonly [field: string]: unknown }
  >;
  readonly errors?: unknown;
}

/** GraphiQL as a person sees it, in a browser that has never been there before. */
export interface GraphiQLPage extends AsyncDisposable {
  readonly page: Page;
  /** What the console complained of, and requests that went anywhere but to the gateway. */
  readonly faults: readonly string[];
  reload(): Promise<void>;
  tabs(): Promise<string[]>;
  activeTab(): Promise<string>;
  selectTab(name: string): Promise<void>;
  /** Puts `text`, a single line, in place of the query. */
  write(text: string): Promise<void>;
  /** Resolves once a reload would find tabs that hold `part`: GraphiQL stores them 500 ms late. */
  untilStored(part: string): Promise<void>;
  /** Presses the play button; resolves once the answer stands in the result pane. */
  play(): Promise<GraphQLResult>;
}

/** @param viewport @default a desktop's */
export async function openGraphiQL(
  browser: Browser,
  url: string,
  viewport = { width: 1280, height: 800 },
): Promise<GraphiQLPage> {
  const context = await browser.newContext({ viewport });
  context.setDefaultTimeout(timeout);
  const page = await context.newPage();
  const faults: string[] = [];
  const { origin } = new URL(url);
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('request', (request) => {
    if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== origin) {
      faults.push(`request to ${request.url()}`);
    }
  });

  const queryEditor = page.locator('.graphiql-query-editor');
  const activeTab = page.locator('.graphiql-tab-active');
  const ready = async (): Promise<void> => {
    await queryEditor.locator('.view-line').first().waitFor();
    await page.locator('.graphiql-spinner').waitFor({ state: 'detached' });
  };
  const stored = async (key: string): Promise<string> => {
    const storage = await page.evaluate<Record<string, string>>('({ ...localStorage })');
    return Object.entries(storage).find(([name]) => name.endsWith(`graphiql:${key}`))?.[1] ?? '';
  };
  // GraphiQL looks into the editor 100 ms late, and the play button runs what it last saw there.
  const seen = (part: string) =>
    vi.waitUntil(async () => (await stored('query')).includes(part), { timeout });
  await page.goto(url);
  await ready();

  return {
    page,
    faults,
    async reload() {
      await page.reload();
      await ready();
    },
    tabs: () => page.locator('.graphiql-tab').allInnerTexts(),
    activeTab: () => activeTab.innerText(),
    async selectTab(name) {
      await page.locator('.graphiql-tab-button', { hasText: name }).click();
      await activeTab.filter({ hasText: name }).waitFor();
      await seen(name);
    },
    async write(text) {
      await queryEditor.locator('.view-line').first().click();
      await page.keyboard.press('Control+A');
      await page.keyboard.insertText(text);
      await seen(text);
    },
    async untilStored(part) {
      await vi.waitUntil(async () => (await stored('tabState')).includes(part), { timeout });
    },
    async play() {
      const [response] = await Promise.all([
        page.waitForResponse((candidate) => candidate.request().method() === 'POST'),
        page.locator('.graphiql-execute-button').click(),
      ]);
      const result = (await response.json()) as GraphQLResult;
      const shown = Object.values(result.data ?? {})[0]?.__typename ?? 'errors';
      await page.locator('.graphiql-response', { hasText: shown }).waitFor();
      return result;
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}
