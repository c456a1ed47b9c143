import type { Plugin } from 'graphql-yoga';

import type { Cors } from './cors.ts';

/**
 * Answers preflights and sets the CORS headers. In place of Yoga's own, which with one origin names
 * it to every page, and with several answers pages of others with `null`, the origin of sandboxed
 * frames.
 */
export function useCors(cors: Cors): Plugin {
  return {
    onRequest(event) {
      const { request, fetchAPI } = event;
      if (isPreflight(request)) event.endResponse(new fetchAPI.Response(null, { status: 204 }));
    },
    onResponse({ request, response }) {
      const origin = request.headers.get('origin');
      const requestedHeaders = request.headers.get('access-control-request-headers');
      const headers = isPreflight(request)
        ? cors.preflightHeadersFor(origin, { requestedHeaders })
        : cors.headersFor(origin);
      for (const [name, value] of Object.entries(headers)) {
        if (name === 'vary') response.headers.append(name, value);
        else response.headers.set(name, value);
      }
    },
  };
}

function isPreflight(request: Request): boolean {
  return request.method === 'OPTIONS' && request.headers.has('access-control-request-method');
}
