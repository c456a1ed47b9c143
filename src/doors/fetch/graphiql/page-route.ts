import { preferred } from '../../../engine/negotiation.ts';
import { securityHeaders } from './answer.ts';
import type { Answer } from './answer.ts';
import { renderPage } from './page.ts';
import type { GraphiQLTab } from './page.ts';

type HeaderValues = Readonly<Record<string, string>>;

/** How the GraphiQL page looks. */
export interface PageRouteOptions {
  /** The title of the page. @default 'GraphiQL' */
  readonly title?: string;
  /**
   * Tabs that are open on the first visit. Without any, GraphiQL shows its own welcome.
   * @default []
   */
  readonly tabs?: readonly GraphiQLTab[];
  /**
   * The users as whom the page can be opened with `?as=NAME`; it links to each of them. The first is
   * the default.
   * @default []
   */
  readonly people?: readonly string[];
  /**
   * The initial content of the headers editor in every tab. A function is called for each page, because
   * a token in the headers may expire; its parameter is the user as whom the page is opened: one of
   * `people`, or `null` where there are none.
   * @default {}
   */
  readonly headers?: HeaderValues | ((as: string | null) => HeaderValues | Promise<HeaderValues>);
}

/** For a client that ranks them equally, the earlier one is chosen, so that a program gets JSON. */
const mediaTypes = ['application/graphql-response+json', 'application/json', 'text/html'] as const;

/**
 * Creates the route of the page, which is for requests that prefer HTML, as browsers do. For other
 * requests it returns `undefined`: their `GET` is an operation.
 */
export function createPageRoute(
  { title = 'GraphiQL', tabs = [], people = [], headers = {} }: PageRouteOptions,
  bundleDigest: () => Promise<string>,
) {
  async function answer(pathname: string, named: string | null): Promise<Answer> {
    const as = people.find((name) => name === named) ?? people[0] ?? null;
    return {
      status: 200,
      headers: {
        ...securityHeaders,
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        vary: 'accept',
      },
      body: renderPage({
        title,
        tabs,
        people,
        as,
        headers: typeof headers === 'function' ? await headers(as) : headers,
        assetBase: `${relativeBase(pathname)}graphiql/${await bundleDigest()}/`,
      }),
    };
  }

  return (request: Request, pathname: string): Promise<Answer> | undefined =>
    preferred(request.headers.get('accept'), mediaTypes) === 'text/html'
      ? answer(pathname, new URL(request.url).searchParams.get('as'))
      : undefined;
}

/** Relative URLs keep working behind a proxy that serves the endpoint under a prefix of its own. */
function relativeBase(pathname: string): string {
  return pathname.endsWith('/') ? '' : `${pathname.slice(pathname.lastIndexOf('/') + 1)}/`;
}
