import type { Plugin } from 'graphql-yoga';
import type { Answer } from './answer.ts';
import { createBundleRoute } from './bundle-route.ts';
import { createPageRoute } from './page-route.ts';
import type { PageRouteOptions } from './page-route.ts';

/**
 * Serves GraphiQL with all its files, so that it works without access to the internet. It replaces the
 * GraphiQL of Yoga, which has to be disabled (`graphiql: false`).
 *
 * @param graphqlPath - Yoga's `graphqlEndpoint`: the page is served there, and its files below
 *   `<path>/graphiql/`.
 * @param page - How the page looks.
 */
export function useGraphiQL(graphqlPath: string, page: PageRouteOptions): Plugin {
  const bundle = createBundleRoute();
  const answerPage = createPageRoute(page, bundle.digest);
  const bundlePath = `${graphqlPath}/graphiql/`;

  function route(request: Request, pathname: string): Promise<Answer> | undefined {
    if (pathname.startsWith(bundlePath)) {
      return bundle.answer(request, pathname.slice(bundlePath.length));
    }
    const isEndpoint = pathname === graphqlPath || pathname === `${graphqlPath}/`;
    return isEndpoint ? answerPage(request, pathname) : undefined;
  }

  return {
    onRequest(event) {
      const { method } = event.request;
      // The cheapest check first, because this runs before every operation.
      if (method !== 'GET' && method !== 'HEAD') return undefined;
      return route(event.request, event.url.pathname)?.then(({ status, headers, body }) => {
        const sent = method === 'HEAD' ? null : body;
        event.endResponse(new event.fetchAPI.Response(sent, { status, headers }));
      });
    },
  };
}
