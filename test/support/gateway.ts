import { startApplication } from '../../src/application.ts';
import { readConfig } from '../../src/config.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { askGraphQL, type AskOptions, type GraphQLAnswer } from './ask.ts';
import { startIssuer, type Issuer } from './issuer.ts';
import { startUpstream, type Upstream } from './upstream.ts';

export type { AskOptions, GraphQLAnswer } from './ask.ts';

export interface TestGatewayOptions {
  /** Environment variables that differ from the usual. */
  readonly env?: Readonly<Record<string, string>>;
  /** By which tokens expire and calls are counted in process. @default the real time */
  readonly clock?: { readonly now: () => number };
  /** How long a client may take to send a request, in milliseconds. @default as it is served */
  readonly requestTimeoutMs?: number;
  /** The path that the API is below. @default none */
  readonly upstreamPath?: string;
}

/** A whole gateway as `npm start` runs it, over real HTTP on both sides. */
export interface TestGateway {
  readonly url: string;
  readonly upstream: Upstream;
  readonly issuer: Issuer;
  /** A token for `name` that lets nobody else's context be touched. */
  tokenOf(name: string): Promise<string>;
  /** A token of an administrator nobody has seen before, so that no limit is near. */
  freshToken(): Promise<string>;
  ask(query: string, variables?: object, options?: AskOptions): Promise<GraphQLAnswer>;
  /** Every line logged so far. */
  logs(): string;
  /** Shuts the gateway down, and starts another at its address. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export const apiKey = 'test-api-key';
export const adminPermission = 'execution_contexts:manage';

export async function startTestGateway({
  env,
  clock,
  requestTimeoutMs,
  upstreamPath = '',
}: TestGatewayOptions = {}): Promise<TestGateway> {
  const now = clock?.now;
  const upstream = await startUpstream();
  const issuer = await startIssuer(now === undefined ? {} : { now });
  const config = readConfig({
    PORT: '0',
    UPSTREAM_URL: upstream.url + upstreamPath,
    UPSTREAM_API_KEY: apiKey,
    JWT_ISSUER: issuer.url,
    ADMIN_PERMISSION: adminPermission,
    SHUTDOWN_DRAIN_MS: '0',
    LOG_LEVEL: 'trace',
    ...env,
  });
  let logged = '';
  const destination = { write: (line: string) => void (logged += line) };
  const logger = createLogger({ level: config.logLevel, destination });
  let application = await startApplication({ config, logger, now, requestTimeoutMs });
  const { url } = application;
  let users = 0;
  if (config.upstream?.url.startsWith(upstream.url)) {
    // The readiness probe would turn up in the log of some test's requests.
    await upstream.received(1);
    upstream.clear();
  }

  return {
    url,
    upstream,
    issuer,
    tokenOf: (name) => issuer.token({ sub: name }),
    freshToken() {
      users += 1;
      const organization_permissions = [adminPermission];
      return issuer.token({ sub: `administrator-${users}`, organization_permissions });
    },
    ask: (query, variables, options) => askGraphQL(url, query, variables, options),
    logs: () => logged,
    async restart() {
      await application.close();
      const again = { ...config, port: Number(new URL(url).port) };
      application = await startApplication({ config: again, logger, now, requestTimeoutMs });
    },
    async close() {
      await application.close();
      await Promise.all([upstream.close(), issuer.close()]);
    },
  };
}
