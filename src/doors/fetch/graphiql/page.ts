import { createHash } from 'node:crypto';

/** A tab that is open on the first visit of the page. */
export interface GraphiQLTab {
  /** The document; the tab is titled by its operation's name. */
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** What a rendered page depends on. */
export interface GraphiQLPage {
  readonly title: string;
  /** Where the bundle's files are, relative to the page, with a trailing slash. */
  readonly assetBase: string;
  readonly tabs: readonly GraphiQLTab[];
  /** The users as whom the page can be opened. */
  readonly people: readonly string[];
  /** The user as whom it is opened; `null` where `people` is empty. */
  readonly as: string | null;
  /** The initial content of the headers editor in every tab. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Renders the page as HTML. */
export function renderPage(page: GraphiQLPage): string {
  const { title, assetBase, tabs, people, as, headers } = page;
  const defaultTabs = tabs.map(({ query, variables }) => ({
    query,
    variables: variables === undefined ? null : JSON.stringify(variables, null, 2),
  }));
  const options = {
    // GraphiQL inserts it as HTML.
    title: people.length > 0 ? renderPeople(people, as) : escapeHtml(title),
    defaultTabs,
    defaultHeaders: JSON.stringify(headers, null, 2),
    storagePrefix: storagePrefix(defaultTabs),
  };
  const base = escapeHtml(assetBase);
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${escapeHtml(title)}</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="${base}graphiql.css">
    <script defer src="${base}graphiql.js"></script>
    <script type="module" src="${base}boot.js"></script>
  </head>
  <body class="no-focus-outline">
    <noscript>GraphiQL needs JavaScript.</noscript>
    <div id="root"></div>
    <script type="application/json" id="graphiql-options">${inlineJson(options)}</script>
  </body>
</html>
`;
}

/** The links to all users replace the title, which the browser's tab shows too. */
function renderPeople(people: readonly string[], as: string | null): string {
  const links = people.map((name) => {
    const current = name === as ? ' aria-current="page"' : '';
    return `<a href="?as=${encodeURIComponent(name)}"${current}>${escapeHtml(name)}</a>`;
  });
  return `<nav class="people" aria-label="As whom requests are sent"><span>as</span>${links.join('')}</nav>`;
}

/** Changes with the example tabs, so that a returning visitor gets the new ones. */
function storagePrefix(tabs: readonly unknown[]): string {
  return `${createHash('sha256').update(JSON.stringify(tabs)).digest('hex').slice(0, 8)}:`;
}

/** Writes JSON that can neither end its script element nor open a comment in it. */
function inlineJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const htmlEntities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => htmlEntities[character] ?? character);
}
