import { NoSchemaIntrospectionCustomRule } from 'graphql';
import { createYoga, type Plugin, type YogaLogger } from 'graphql-yoga';

import type { GatewayServices } from './context.ts';
import { useGraphiQL, type GraphiQLOptions } from './graphiql/index.ts';
import type { ResolveIdentity } from './identity/identity-resolver.ts';
import { schema } from './schema/index.ts';
import { useExactJson } from './yoga/use-exact-json.ts';
import { useGatewayContext } from './yoga/use-gateway-context.ts';
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
  /** More Yoga plugins, run after the gateway's own. */
  readonly plugins?: readonly Plugin[] | undefined;
}

export type Gateway = ReturnType<typeof createGateway>;

/**
 * The gateway as a Yoga server: `gateway.fetch` answers Fetch requests and `gateway` itself is a
 * listener for `node:http`. It listens to nothing by itself.
 */
export function createGateway(options: GatewayOptions) {
  const { services, resolveIdentity, graphiql = false, introspection = false } = options;
  return createYoga({
    schema,
    graphiql: false,
    landingPage: false,
    multipart: false,
    batching: false,
    // The HTTP layer refuses large bodies; here the check would pipe each one through a stream.
    maxRequestBodySize: false,
    cors: corsOptions(options.corsOrigins ?? []),
    maskedErrors: { isDev: false },
    logging: options.logger ?? false,
    plugins: [
      useRequestId(),
      useGatewayContext({ services, resolveIdentity }),
      useExactJson(),
      ...(graphiql === false ? [] : [useGraphiQL(graphiql)]),
      ...(introspection ? [] : [useNoIntrospection()]),
      ...(options.plugins ?? []),
    ],
  });
}

function useNoIntrospection(): Plugin {
  return {
    onValidate({ addValidationRule }) {
      addValidationRule(NoSchemaIntrospectionCustomRule);
    },
  };
}

function corsOptions(origins: readonly string[]) {
  if (origins.length === 0) return false;
  return {
    origin: [...origins],
    methods: ['GET', 'POST'],
    exposedHeaders: ['x-request-id', 'RateLimit', 'RateLimit-Policy'],
  };
}
