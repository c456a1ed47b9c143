import type { Browser, WebSocketRoute } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { browserInstalled, launchBrowser } from '../support/browser.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { reply, replyError } from '../support/upstream-faults.ts';
import { startExample, type Example } from './example.ts';
import { openRun, type RunPage } from './run-page.ts';

describe.skipIf(!browserInstalled())('the page of examples/web', () => {
  let browser: Browser;
  let example: Example;
  beforeAll(async () => {
    [browser, example] = await Promise.all([launchBrowser(), startExample()]);
  });
  afterAll(async () => {
    await browser.close();
    expect(await example.end()).toMatchObject({ code: 0 });
    await expect(fetch(example.pageUrl)).rejects.toThrow('fetch failed');
  });

  it("shows in two windows what the agent writes past the gateway, and a merge of one's in the other", async () => {
    await using one = await openRun(browser, example.pageUrl);
    await using other = await openRun(browser, example.pageUrl);
    const before = await one.progress();
    await Promise.all([one.progressAfter(before), other.progressAfter(before)]);
    await one.state.locator('.lit').first().waitFor();

    await one.page.getByLabel('Note to the agent').fill('Look at page 12 again');
    await one.button('Merge').click();
    await other.state.getByText('"Look at page 12 again"').waitFor();
    // The agent goes on, and keeps what was merged.
    await other.progressAfter(await other.progress());
    expect(await other.state.getByText('"Look at page 12 again"').count()).toBe(1);
    expect([...one.faults, ...other.faults]).toEqual([]);
  });

  it('recovers by itself, in every window, when the gateway was away', async () => {
    await using one = await openRun(browser, example.pageUrl);
    await using other = await openRun(browser, example.pageUrl);
    await example.switchGateway();
    await Promise.all([one, other].map((each) => each.connection('Reconnecting').waitFor()));
    const before = await one.progress();
    await one.button('+10 %').click();
    await one.notice.getByText('The gateway is out of reach').waitFor();

    await example.switchGateway();
    await Promise.all([one.live(), other.live()]);
    // The agent went on meanwhile.
    await Promise.all([one.progressAfter(before), other.progressAfter(before)]);
    await one.button('Try again').click();
    await one.done.getByText('Progress is').waitFor();
  });

  it('shows both sides of a conflict, and lets the person take over', async () => {
    await using one = await openRun(browser, example.pageUrl);
    await using other = await openRun(browser, example.pageUrl);
    await one.page.getByLabel('Session', { exact: true }).fill('session_of_one');
    await other.button('Pause the agent').click();
    await one.button('Resume the agent').waitFor();
    const stored = await other.session.innerText();

    await one.button('Change').click();
    const { conflict } = one;
    await conflict.getByRole('region', { name: 'Yours' }).getByText('session_of_one').waitFor();
    await conflict.getByRole('region', { name: 'Stored now' }).getByText(stored).waitFor();
    const since = conflict.getByRole('region', { name: 'Changed since you began' });
    await since.getByRole('listitem').first().waitFor();
    expect(await other.session.innerText()).toBe(stored);

    await conflict.getByRole('button', { name: 'Take over' }).click();
    await other.session.getByText('session_of_one').waitFor();
    await conflict.waitFor({ state: 'hidden' });
    await other.button('Resume the agent').click();
    await one.button('Pause the agent').waitFor();
  });

  it('keeps what others wrote where the person says so', async () => {
    await using one = await openRun(browser, example.pageUrl);
    await one.page.getByLabel('Session', { exact: true }).fill('session_never_written');
    await one.progressAfter(await one.progress());
    await one.button('Change').click();
    await one.conflict.getByText('session_never_written').waitFor();
    await one.page.keyboard.press('Escape');
    await one.conflict.waitFor({ state: 'hidden' });
    await one.progressAfter(await one.progress());
    expect(await one.session.innerText()).not.toBe('session_never_written');
  });

  it('counts down what a limit asks to wait, and then lets the person try again', async () => {
    await using gateway = await startTroubled(example);
    await using one = await openTroubled(browser, example, gateway);
    gateway.upstream.on('PUT', path, reply(429, {}, { 'retry-after': '30' }));
    await one.button('+10 %').click();
    await one.page.getByText(/^Try again in \d\d s$/).waitFor();
    expect(await one.button('Try again').isDisabled()).toBe(true);
    expect(await one.button('+10 %').isDisabled()).toBe(true);

    gateway.upstream.clear();
    await one.page.clock.runFor(31_000);
    await one.button('Try again').click();
    await one.done.getByText('Progress is 50 %').waitFor();
    expect(await one.button('+10 %').isDisabled()).toBe(false);
  });

  describe('when something goes wrong', () => {
    let one: RunPage;
    beforeAll(async () => {
      one = await openRun(browser, example.pageUrl);
      await one.page.getByText('See what can go wrong').click();
    });
    afterAll(() => one[Symbol.asyncDispose]());

    // The last as it lets nothing be done for a while.
    it.each([
      ['Bad input', 'That was not accepted', 'input.sessionId must not be empty'],
      ['Signed out', 'You are signed out', 'Sign in again'],
      ["Somebody else's run", 'This run belongs to somebody else', 'Ask its owner'],
      ['No such run', 'There is no such run', 'ctx_missing'],
      ['Stale version', 'Somebody else changed it meanwhile', 'decide anew'],
      ['Too many changes', 'That was a bit much at once', '10 changes a second are allowed.'],
    ])('says in plain words what is the matter: %s', async (mishap, title, words) => {
      await one.button(mishap).click();
      await one.notice.getByText(title).waitFor();
      expect(await one.notice.innerText()).toContain(words);
    });
  });

  describe('when the API fails', () => {
    let gateway: Troubled;
    let one: RunPage;
    beforeAll(async () => {
      gateway = await startTroubled(example);
      one = await openTroubled(browser, example, gateway);
    });
    afterAll(async () => {
      await one[Symbol.asyncDispose]();
      await gateway.close();
    });

    it.each([
      [409, 'The run is busy'],
      [503, 'The service is not available at the moment'],
      [504, 'The service took too long'],
      // Waits until the lock of the write before has expired, whose outcome is unknown.
      [500, 'The service failed'],
    ])('says in plain words what %i means', async (status, title) => {
      gateway.upstream.on('PUT', path, replyError(status, 'not now'));
      await one.button('+10 %').click();
      await one.notice.getByText(title).waitFor();
    });
  });

  it('says why it does not watch, and watches once it may', async () => {
    await using gateway = await startTroubled(example);
    await using one = await openTroubled(browser, example, gateway);
    gateway.upstream.seed({ id: 'ctx_123', user_id: 'bob', context: { progress: 99 } });
    await one.connection('Not watching').waitFor();
    await one.notice.getByText('This run belongs to somebody else').waitFor();
    expect(await one.progress()).toBe(40);

    gateway.upstream.seed({ id: 'ctx_123', user_id: 'alice', context: { progress: 60 } });
    await one.button('Try again').click();
    await one.live();
    expect(await one.progress()).toBe(60);
  });

  it.each(['complete', 1001, 4500])('opens a stream again that ends with %s', async (ending) => {
    const sockets: { page: WebSocketRoute; id: string | undefined }[] = [];
    await using one = await openRun(browser, example.pageUrl, {
      prepare: (page) =>
        page.routeWebSocket(/\/graphql$/, (socket) => {
          const opened = { page: socket, id: undefined as string | undefined };
          sockets.push(opened);
          const server = socket.connectToServer();
          socket.onMessage((message) => {
            opened.id ??= (JSON.parse(String(message)) as { id?: string }).id;
            server.send(message);
          });
        }),
    });
    const [first] = sockets;
    if (ending === 'complete') {
      first?.page.send(JSON.stringify({ id: first.id, type: 'complete' }));
    } else {
      await first?.page.close({ code: Number(ending) });
    }
    await expect.poll(() => sockets.length, { timeout: 10_000 }).toBe(2);
    await one.live();
    await one.progressAfter(await one.progress());
  });

  it('shows numbers to the digit', async () => {
    await using one = await openRun(browser, example.pageUrl);
    await one.button('Ledger 1234567890123456789').click();
    await one.state.getByText('9007199254740993', { exact: true }).waitFor();
    await one.state.getByText('1024.10000000000000001', { exact: true }).waitFor();
  });

  it('fits a phone, in the dark, too', async () => {
    const phone = { viewport: { width: 390, height: 844 }, colorScheme: 'dark' } as const;
    await using one = await openRun(browser, example.pageUrl, phone);
    expect(await one.page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    // Nothing stands out of its panel.
    const right = (selector: string) =>
      one.page.evaluate<number>(
        `Math.max(...[...document.querySelectorAll('${selector}')].map((each) => each.getBoundingClientRect().right))`,
      );
    expect(await right('.panel *')).toBeLessThan(await right('.panel'));
    const ground = await one.page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(ground).toBe('rgb(14, 17, 16)');
  });
});

const path = '/ai-execution-context/ctx_123';

type Troubled = TestGateway & AsyncDisposable;

/** A gateway in front of an API that misbehaves when told to. */
async function startTroubled({ pageUrl }: Example): Promise<Troubled> {
  const gateway = await startTestGateway({ env: { CORS_ORIGINS: pageUrl, LIVE_POLL_MS: '50' } });
  gateway.upstream.seed({ id: 'ctx_123', user_id: 'alice', context: { progress: 40 } });
  return { ...gateway, [Symbol.asyncDispose]: () => gateway.close() };
}

/** The example's page, at that gateway, in a time that can be run on. */
async function openTroubled(
  browser: Browser,
  { pageUrl }: Example,
  gateway: TestGateway,
): Promise<RunPage> {
  const settings = {
    gatewayUrl: `${gateway.url}/graphql`,
    token: await gateway.tokenOf('alice'),
  };
  return openRun(browser, pageUrl, {
    async prepare(page) {
      await page.clock.install();
      await page.route('**/settings.json', (route) => route.fulfill({ json: settings }));
    },
  });
}
