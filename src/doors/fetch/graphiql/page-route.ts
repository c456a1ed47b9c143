import { preferred } from '../../../engine/negotiation.ts';
import { securityHeaders } from './answer.ts';
import type { Answer } from './answer.ts';
import { renderPage } from './page.ts';
import type { GraphiQLTab } from './page.ts';

type HeaderValues = Readonly<Record<string, string>>;

export interface PageRouteOptions {
  /** @default 'GraphiQL' */
  readonly title?: string;
  /**
   * Tabs that are open on the first visit; with none, GraphiQL shows a welcome of its own.
   * @default []
   */
  readonly tabs?: readonly GraphiQLTab[];
  /**
   * As whom the page can be opened, by `?as=NAME`; it links to each of them. The first is who it is
   * unless the URL names another.
   * @default none
   */
  readonly people?: readonly string[];
  /**
   * What the headers editor of every tab starts with. A function is called for each page, as what
   * it returns may hold a token that expires, with as whom it is opened: one of `people`, or `null`
   * where there are none.
   * @default {}
   */
  readonly headers?: HeaderValues | ((as: string | null) => HeaderValues | Promise<HeaderValues>);
}

/** In the order of preference where a client ranks them alike: a program that names JSON gets it. */
const mediaTypes = ['application/graphql-response+json', 'application/json', 'text/html'] as const;

/**
 * Answers who asks for HTML, which is what browsers do, and nobody else: to others, `GET` is an
 * operation.
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
