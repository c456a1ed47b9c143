import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';

/** Below the limit of a test, so that a failure says what was waited for. */
const timeout = 15_000;

export interface RunPageOptions extends BrowserContextOptions {
  /** Told of the page before it is opened. */
  readonly prepare?: (page: Page) => Promise<void>;
}

/** A run as a person sees it. */
export class RunPage implements AsyncDisposable {
  readonly page: Page;
  /** What the console complained of, and requests that left this machine. */
  readonly faults: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('console', (message) => {
      const isComplaint = message.type() === 'error' || message.type() === 'warning';
      if (isComplaint) this.faults.push(message.text());
    });
    page.on('pageerror', (error) => this.faults.push(String(error)));
    page.on('request', (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (protocol !== 'data:' && hostname !== '127.0.0.1') this.faults.push(request.url());
    });
  }

  /** Resolves once the run is watched. */
  async live(): Promise<void> {
    await this.connection('Live').waitFor();
  }

  connection(words: 'Live' | 'Reconnecting' | 'Not watching') {
    return this.page.locator('.connection').getByText(words, { exact: true });
  }

  button(name: string) {
    return this.page.getByRole('button', { name, exact: true });
  }

  /** The state, as JSON is shown. */
  get state() {
    return this.page.getByRole('region', { name: 'State' });
  }

  get session() {
    return this.page.getByTestId('session');
  }

  get conflict() {
    return this.page.getByRole('dialog');
  }

  get notice() {
    return this.page.getByRole('alert');
  }

  /** What was said of the last write that was done. */
  get done() {
    return this.page.locator('.done');
  }

  async progress(): Promise<number> {
    return Number(await this.page.getByRole('progressbar').getAttribute('aria-valuenow'));
  }

  /** Resolves with what is new, once it is not `before`. */
  async progressAfter(before: number): Promise<number> {
    await expect.poll(() => this.progress(), { timeout }).not.toBe(before);
    return this.progress();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }
}

export async function openRun(
  browser: Browser,
  url: string,
  { prepare, ...options }: RunPageOptions = {},
): Promise<RunPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 880 }, ...options });
  context.setDefaultTimeout(timeout);
  const page = await context.newPage();
  const opened = new RunPage(page);
  await prepare?.(page);
  await page.goto(url);
  await opened.live();
  return opened;
}
