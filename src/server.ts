import { createYoga, type Plugin, type YogaLogger } from 'graphql-yoga';

import type { GatewayServices } from './context.ts';
import { useGraphiQL, type GraphiQLOptions } from './graphiql/index.ts';
import type { ResolveIdentity } from './identity/identity-resolver.ts';
import { schema } from './schema/index.ts';
import { createCors } from './yoga/cors.ts';
import { createContextBuilder } from './yoga/context-builder.ts';
import { createDocumentCache } from './yoga/document-cache.ts';
import { useCors } from './yoga/use-cors.ts';
import { useDocumentLimits } from './yoga/use-document-limits.ts';
import { useExactJson } from './yoga/use-exact-json.ts';
import { useGatewayContext } from './yoga/use-gateway-context.ts';
import { useNoIntrospection } from './yoga/use-no-introspection.ts';
import { usePreparedOperations } from './yoga/use-prepared-operations.ts';
import { useRequestId } from './yoga/use-request-id.ts';

export interface GatewayOptions {
  readonly services: GatewayServices;
  readonly resolveIdentity: ResolveIdentity;
  /** The page at `/graphql`; `false` serves none. @default false */
  readonly graphiql?: GraphiQLOptions | false | undefined;
  /** Answers `__schema` and `__type`; `_service` stays open either way. @default false */
  readonly introspection?: boolean | undefined;
  /** Origins of the pages that may call from a browser. @default none */
  readonly corsOrigins?: readonly string[] | undefined;
  /** Where bugs are reported. @default nowhere */
  readonly logger?: YogaLogger | false | undefined;
  /** More Yoga plugins, run after the gateway's own. Their hooks see every operation, at a cost. */
  readonly plugins?: readonly Plugin[] | undefined;
}

export type Gateway = ReturnType<typeof createGateway>;

/**
 * The gateway as a Yoga server: `gateway.fetch` answers Fetch requests and `gateway` itself is a
 * listener for `node:http`. It listens to nothing by itself.
 */
export function createGateway(options: GatewayOptions) {
  const { graphiql = false, introspection = false, logger = false, plugins = [] } = options;
  const buildContext = createContextBuilder(options);
  const onBug = (error: unknown): void => {
    if (logger !== false) logger.error(error);
  };
  return createYoga({
    schema,
    graphiql: false,
    landingPage: false,
    multipart: false,
    batching: false,
    // The HTTP layer refuses large bodies; here the check would pipe each one through a stream.
    maxRequestBodySize: false,
    cors: false,
    parserAndValidationCache: createDocumentCache(),
    maskedErrors: { isDev: false },
    logging: logger,
    plugins: [
      useRequestId(),
      useCors(createCors(options.corsOrigins ?? [])),
      useDocumentLimits(),
      useGatewayContext(buildContext),
      useExactJson(),
      ...(graphiql === false ? [] : [useGraphiQL(graphiql)]),
      ...(introspection ? [] : [useNoIntrospection()]),
      ...(plugins.length > 0 ? plugins : [usePreparedOperations({ schema, buildContext, onBug })]),
    ],
  });
}
