import type { Plugin } from 'graphql-yoga';

import { createContext, type GatewayContext, type GatewayServices } from '../context.ts';
import type { ResolveIdentity } from '../identity/identity-resolver.ts';
import { rateLimitHeaders } from '../rate-limit/headers.ts';
import type { UpstreamCall } from '../upstream/client.ts';
import { requestIdOf } from './use-request-id.ts';

export interface GatewayContextOptions {
  readonly services: GatewayServices;
  readonly resolveIdentity: ResolveIdentity;
}

const contexts = new WeakMap<Request, GatewayContext>();

/**
 * Gives each request its {@link GatewayContext}, and its response the `RateLimit` headers of what
 * was decided there. Never `Retry-After`: on a 200 it makes some gateways send a mutation again.
 */
export function useGatewayContext({
  services,
  resolveIdentity,
}: GatewayContextOptions): Plugin<GatewayContext> {
  return {
    async onContextBuilding({ context, extendContext }) {
      const { request } = context;
      const gatewayContext = createContext(services, {
        requestId: requestIdOf(request),
        identity: await resolveIdentity(request.headers.get('authorization')),
        trace: traceOf(request.headers),
        signal: request.signal,
      });
      contexts.set(request, gatewayContext);
      extendContext(gatewayContext);
    },
    onResponse({ request, response }) {
      const headers = responseHeadersOf(request);
      if (headers === undefined) return;
      for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
    },
  };
}

/** What a request's rate limit decisions say to the client; undefined where there were none. */
export function responseHeadersOf(request: Request): Readonly<Record<string, string>> | undefined {
  const decisions = contexts.get(request)?.rateLimitDecisions ?? [];
  const headers = rateLimitHeaders(decisions);
  return headers === undefined ? undefined : { ...headers };
}

/** W3C Trace Context, section 3.2: passed on only where it has the form of one. */
function traceOf(headers: Headers): UpstreamCall['trace'] {
  const traceparent = headers.get('traceparent');
  if (!traceparent || !/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent)) {
    return undefined;
  }
  const tracestate = headers.get('tracestate');
  return tracestate ? { traceparent, tracestate } : { traceparent };
}
