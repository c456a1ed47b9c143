import { getOperationAST, type DocumentNode } from 'graphql';
import type { Plugin } from 'graphql-yoga';

import type { GatewayContext, RequestFacts } from '../context.ts';
import { rateLimitHeaders } from '../rate-limit/headers.ts';
import type { BuildContext } from './context-builder.ts';

/** What `node:http` servers hand to Yoga besides the Fetch request. */
interface ServerContext {
  readonly req?: object;
}

const contexts = new WeakMap<Request, GatewayContext>();
const facts = new WeakMap<object, RequestFacts>();

/**
 * Gives each request its {@link GatewayContext}, and its response the `RateLimit` headers of what
 * was decided there. Never `Retry-After`: on a 200 it makes some gateways send a mutation again.
 */
export function useGatewayContext(
  buildContext: BuildContext,
): Plugin<GatewayContext & ServerContext> {
  return {
    async onContextBuilding({ context, extendContext }) {
      const gatewayContext = await buildContext(context.request);
      noteContext(gatewayContext, context);
      extendContext(gatewayContext);
    },
    onExecute: ({ args }) => {
      noteOperation(args);
    },
    onSubscribe: ({ args }) => {
      noteOperation(args);
    },
    onResponse({ request, response }) {
      const headers = responseHeadersOf(request);
      if (headers === undefined) return;
      for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
    },
  };
}

/** Keeps a request's context at hand for its response and for its line in the log. */
export function noteContext(
  gatewayContext: GatewayContext,
  { request, req }: ServerContext & { readonly request: Request },
): void {
  contexts.set(request, gatewayContext);
  if (req !== undefined) facts.set(req, gatewayContext.facts);
}

interface OperationArgs {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly contextValue: GatewayContext;
}

function noteOperation({ document, operationName, contextValue }: OperationArgs): void {
  contextValue.facts.operation = getOperationAST(document, operationName)?.operation ?? 'none';
}

/** What a request's rate limit decisions say to the client; undefined where there were none. */
export function responseHeadersOf(request: Request): Readonly<Record<string, string>> | undefined {
  const decisions = contexts.get(request)?.rateLimitDecisions ?? [];
  const headers = rateLimitHeaders(decisions);
  return headers === undefined ? undefined : { ...headers };
}

/** What the request of a `node:http` server turned out to be; undefined before its operation ran. */
export function requestFactsOf(incoming: object): RequestFacts | undefined {
  return facts.get(incoming);
}
