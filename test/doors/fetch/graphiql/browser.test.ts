import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { browserInstalled, launchBrowser } from '../../../support/browser.ts';
import { startSandboxGateway } from '../../../support/sandbox-gateway.ts';
import { openGraphiQL } from './graphiql-page.ts';
import { startStubGateway } from './stub-gateway.ts';

const examples = [
  'UpdateContext',
  'ReadContext',
  'MergeContext',
  'MissingContext',
  'ListContexts',
  'WatchContext',
  'HitLimit',
];
const basicUsage = {
  id: 'ctx_123',
  sessionId: 'session_456',
  context: {
    current_step: 'processing',
    progress: 75,
    results: { analyzed_documents: 10, extracted_entities: 25 },
  },
};

describe.skipIf(!browserInstalled())('GraphiQL in a browser', { timeout: 60_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it('opens with examples that all run, asking nothing of the internet', async () => {
    await using gateway = await startSandboxGateway();
    await using graphiql = await openGraphiQL(browser, `${gateway.url}/graphql`);
    expect(await graphiql.tabs()).toEqual(examples);

    expect((await graphiql.play()).data).toEqual({
      updateExecutionContext: { __typename: 'AiExecutionContext', ...basicUsage },
    });
    await graphiql.selectTab('ReadContext');
    expect((await graphiql.play()).data).toMatchObject({
      executionContext: { __typename: 'AiExecutionContext', ...basicUsage },
    });
    await graphiql.selectTab('MergeContext');
    expect((await graphiql.play()).data).toMatchObject({
      mergeExecutionContext: {
        __typename: 'AiExecutionContext',
        id: 'ctx_123',
        context: {
          current_step: 'validation',
          progress: 90,
          results: { analyzed_documents: 10, extracted_entities: 25 },
        },
      },
    });
    await graphiql.selectTab('MissingContext');
    expect((await graphiql.play()).data).toMatchObject({
      executionContext: { __typename: 'ExecutionContextNotFoundError', code: 'NOT_FOUND' },
    });
    await graphiql.selectTab('ListContexts');
    expect((await graphiql.play()).data).toMatchObject({
      executionContexts: { __typename: 'ExecutionContextPage', hasMore: true },
    });
    expect(graphiql.faults).toEqual([]);
  });

  it('shows the limit for writes in an example: of twelve, two are refused', async () => {
    await using gateway = await startSandboxGateway();
    await using graphiql = await openGraphiQL(browser, `${gateway.url}/graphql`);
    await graphiql.selectTab('HitLimit');
    const calls = Object.values((await graphiql.play()).data ?? {});
    const refused = { code: 'RATE_LIMITED', limit: 10, windowMs: 1000 };
    expect(calls.slice(0, 10).map((call) => call.__typename)).toEqual(
      Array.from({ length: 10 }, () => 'AiExecutionContext'),
    );
    expect(calls.slice(10)).toMatchObject([refused, refused]);
    expect(calls.slice(10).every(({ retryAfterMs }) => Number(retryAfterMs) > 0)).toBe(true);
  });

  it('watches a context in one window while another writes to it', async () => {
    await using gateway = await startSandboxGateway();
    await using watching = await openGraphiQL(browser, `${gateway.url}/graphql`);
    await using writing = await openGraphiQL(browser, `${gateway.url}/graphql`);
    const shown = (text: string) => watching.page.locator('.graphiql-response', { hasText: text });
    await watching.selectTab('WatchContext');
    await watching.page.locator('.graphiql-execute-button').click();
    await shown('extraction').waitFor();
    await writing.play();
    await shown('processing').waitFor();
    await writing.selectTab('MergeContext');
    await writing.play();
    await shown('validation').waitFor();
    expect(watching.faults).toEqual([]);
  });

  it('sends requests as somebody else after a click, and says as whom', async () => {
    await using gateway = await startSandboxGateway();
    await using graphiql = await openGraphiQL(browser, `${gateway.url}/graphql`);
    const people = graphiql.page.locator('.people');
    const current = people.locator('[aria-current]');
    expect(await current.innerText()).toBe('alice');
    for (const [name, tab, member] of [
      ['bob', 'ReadContext', 'ExecutionContextForbiddenError'],
      ['admin', 'UpdateContext', 'AiExecutionContext'],
    ] as const) {
      await people.getByText(name, { exact: true }).click();
      await current.filter({ hasText: name }).waitFor();
      await graphiql.reload();
      await graphiql.selectTab(tab);
      const [answer] = Object.values((await graphiql.play()).data ?? {});
      expect(answer?.__typename).toBe(member);
    }
  });

  it('keeps every pane in reach on a phone', async () => {
    await using gateway = await startSandboxGateway();
    const phone = { width: 390, height: 844 };
    await using graphiql = await openGraphiQL(browser, `${gateway.url}/graphql`, phone);
    const { page } = graphiql;
    await graphiql.selectTab('ListContexts');
    await graphiql.play();
    const response = await page.locator('.graphiql-response').boundingBox();
    expect(response?.width).toBeGreaterThan(360);
    expect(response?.height).toBeGreaterThan(200);
    // A press goes to what lies on top, so it fails where something covers the button.
    await page.getByLabel('Show Documentation Explorer').click();
    const docs = await page.locator('.graphiql-plugin').boundingBox();
    expect(docs?.height).toBeGreaterThan(700);
    await page.getByLabel('Hide Documentation Explorer').click();
    await graphiql.play();
    await page.getByLabel('Open settings dialog').click();
    const dialog = page.locator('.graphiql-dialog');
    await dialog.waitFor();
    expect(await dialog.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(
      0,
    );
  });

  it('keeps the open tab in sight beside the documentation', async () => {
    await using gateway = await startSandboxGateway();
    await using graphiql = await openGraphiQL(browser, `${gateway.url}/graphql`);
    const { page } = graphiql;
    await graphiql.selectTab('HitLimit');
    await page.getByLabel('Show Documentation Explorer').click();
    await page.locator('.graphiql-doc-explorer').waitFor();
    const tabs = page.locator('.graphiql-tabs');
    const [list, tab] = [
      await tabs.boundingBox(),
      await tabs.locator('.graphiql-tab-active').boundingBox(),
    ];
    const end = (box: typeof list) => (box?.x ?? NaN) + (box?.width ?? NaN);
    expect(end(tab)).toBeLessThanOrEqual(end(list));
    await page.getByText('The state and the sessions of the runs of AI agents').waitFor();
  });

  it('runs them after a restart and a reload, with the new token and in the same tabs', async () => {
    const before = await startStubGateway({ token: 'token-1' });
    await using graphiql = await openGraphiQL(browser, before.url);
    await graphiql.play();
    await graphiql.selectTab('ReadContext');
    await graphiql.play();
    await graphiql.untilStored('"activeTabIndex":1');
    await before[Symbol.asyncDispose]();

    await using after = await startStubGateway({ token: 'token-2' }, before.port);
    expect(after.url).toBe(before.url);
    await graphiql.reload();
    expect(await graphiql.tabs()).toEqual(examples);
    expect(await graphiql.activeTab()).toBe('ReadContext');
    for (const name of ['ReadContext', 'UpdateContext', 'ListContexts']) {
      await graphiql.selectTab(name);
      const [answer] = Object.values((await graphiql.play()).data ?? {});
      expect(answer?.__typename).toMatch(/^(AiExecutionContext|ExecutionContextPage)$/);
    }
    expect(graphiql.faults).toEqual([]);
  });

  it('keeps what was written over a reload, but no token in the browser', async () => {
    await using gateway = await startStubGateway({ token: 'token-1' });
    await using graphiql = await openGraphiQL(browser, gateway.url);
    await graphiql.write('query Mine { executionContexts { __typename } }');
    await graphiql.play();
    await graphiql.untilStored('query Mine');
    expect(await graphiql.page.evaluate('JSON.stringify(localStorage)')).not.toContain('token-1');
    expect(graphiql.page.url()).toBe(gateway.url);

    await graphiql.reload();
    expect(await graphiql.tabs()).toEqual(['Mine', ...examples.slice(1)]);
    expect((await graphiql.play()).data).toEqual({
      executionContexts: { __typename: 'ExecutionContextPage' },
    });
  });

  it('opens a link to a query in a tab of its own, once', async () => {
    await using gateway = await startStubGateway({ token: 'token-1' });
    const query = 'query Linked($id: ID!) { executionContext(id: $id) { __typename } }';
    const link = new URLSearchParams({ query, variables: '{"id":"ctx_123"}' }).toString();
    await using graphiql = await openGraphiQL(browser, `${gateway.url}?${link}`);
    expect(graphiql.page.url()).toBe(gateway.url);
    expect((await graphiql.play()).data).toEqual({
      executionContext: { __typename: 'AiExecutionContext' },
    });
    await graphiql.untilStored('query Linked');
    await graphiql.reload();
    expect(await graphiql.tabs()).toEqual(['Linked', ...examples]);
  });

  it('underlines what does not fit the schema, in the query and in the variables', async () => {
    await using gateway = await startStubGateway({
      token: 'token-1',
      tabs: [
        {
          query: 'query Misfit($id: ID!) { executionContext(id: $id) { nothingOfTheKind } }',
          variables: { id: 'ctx_123', surplus: 1 },
        },
      ],
    });
    await using graphiql = await openGraphiQL(browser, gateway.url);
    await graphiql.page.locator('.graphiql-query-editor .squiggly-error').waitFor();
    await expect
      .poll(() => markers(graphiql.page), polling)
      .toEqual([
        'Cannot query field "nothingOfTheKind" on type "ExecutionContextResult".',
        'Property surplus is not allowed.',
      ]);
    expect(graphiql.faults).toEqual([]);
  });

  it('takes any JSON for a variable of type JSON', async () => {
    const field = 'updateExecutionContext(id: $id, input: $input) { __typename }';
    await using gateway = await startStubGateway({
      token: 'token-1',
      tabs: [
        {
          query: `mutation Any($id: ID!, $input: UpdateExecutionContextInput!) { ${field} }`,
          variables: { id: 'ctx_123', input: { context: { steps: [1, null] } }, surplus: 1 },
        },
      ],
    });
    await using graphiql = await openGraphiQL(browser, gateway.url);
    // The surplus shows that the variables have been looked at.
    await vi.waitUntil(async () => (await markers(graphiql.page)).length > 0, polling);
    expect(await markers(graphiql.page)).toEqual(['Property surplus is not allowed.']);
  });

  it('shows the schema with its descriptions', async () => {
    await using gateway = await startStubGateway({ token: 'token-1' });
    await using graphiql = await openGraphiQL(browser, gateway.url);
    await graphiql.page.getByLabel('Show Documentation Explorer').click();
    const docs = graphiql.page.locator('.graphiql-doc-explorer');
    await docs.getByText('AiExecutionContext', { exact: true }).click();
    await docs.getByText("The state of one agent's run.").waitFor();
    expect(graphiql.faults).toEqual([]);
  });

  it('shows a hostile title, tab and link as text', async () => {
    const hostile = '</script><script>globalThis.broken = 1</script><img src=x onerror="broken=1">';
    await using gateway = await startStubGateway({
      token: 'token-1',
      title: hostile,
      tabs: [{ query: `# ${hostile}` }],
    });
    const link = new URLSearchParams({ query: `# ${hostile}`, variables: hostile }).toString();
    await using graphiql = await openGraphiQL(browser, `${gateway.url}?${link}`);
    expect(await graphiql.page.title()).toBe(hostile);
    expect(await graphiql.page.locator('.graphiql-logo').innerText()).toBe(hostile);
    expect(await graphiql.page.evaluate('globalThis.broken')).toBeUndefined();
    expect(graphiql.faults).toEqual([]);
  });
});

const polling = { timeout: 20_000 };

/** What the editors mark as wrong, in all tabs. */
function markers(page: Page): Promise<string[]> {
  return page.evaluate('__MONACO.editor.getModelMarkers({}).map(({ message }) => message).sort()');
}
