import { readFileSync } from 'node:fs';

import { ConfigurationError, EnvironmentReader, type Environment } from './environment.ts';
import { defaultKeyPrefix, parseRedisUrl, type RedisTarget } from './shared-state/redis-url.ts';
import type { StoreFailurePolicy } from './shared-state/resilient-store.ts';
import { logLevels, type LogLevel } from './telemetry/logger.ts';
import type { SpanExportOptions } from './telemetry/span-export.ts';
import { readTracing } from './tracing-config.ts';

export type UpstreamAuth = 'api-key' | 'forward';

export interface UpstreamConfig {
  /** The REST API's base URL, a path prefix included, without a slash at the end. */
  readonly url: string;
  readonly apiKey: string | null;
  readonly issuer: string;
  readonly jwksUrl: string | null;
}

/** The persisted documents, and whether other documents are executed. */
export interface DocumentsConfig {
  /** By key; `null` where no file is named. */
  readonly trusted: Readonly<Record<string, string>> | null;
  readonly trustedOnly: boolean;
  readonly automatic: boolean;
}

export interface LiveConfig {
  /** Milliseconds between two reads of a watched context for changes made past the gateway; 0: never. */
  readonly pollMs: number;
  readonly maxStreamsPerUser: number;
  readonly maxStreams: number;
}

/** The configuration, checked. The table in the README describes every variable. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** `null`: the upstream is the embedded sandbox, whose own key signs the tokens. */
  readonly upstream: UpstreamConfig | null;
  readonly upstreamAuth: UpstreamAuth;
  readonly upstreamTimeoutMs: number;
  readonly audience: string | null;
  /** `null`: there are no administrators; with the sandbox, its administrator's permission. */
  readonly adminPermission: string | null;
  readonly adminOrganization: string | null;
  /** `null`: the state that replicas share is kept in this process. */
  readonly redis: RedisTarget | null;
  readonly redisKeyPrefix: string;
  readonly onStoreFailure: StoreFailurePolicy;
  readonly graphiql: boolean;
  readonly introspection: boolean;
  readonly maxBodyBytes: number;
  readonly documents: DocumentsConfig;
  readonly corsOrigins: readonly string[];
  readonly logLevel: LogLevel;
  readonly routerSecret: string | null;
  readonly keepAliveTimeoutMs: number;
  readonly shutdownDrainMs: number;
  readonly live: LiveConfig;
  /** `null`: nothing is traced. */
  readonly tracing: SpanExportOptions | null;
  /** Valid settings that have no effect, each to be logged. */
  readonly warnings: readonly string[];
}

/** A day: long enough for any time-out; timers cannot run for more than 24.8 days. */
const maxTimerMs = 86_400_000;

/** Half of the length of V8's longest string: a body, and what is written of it, is one string. */
const maxBodyBytes = 256 * 1024 * 1024;

/** Where Vite serves a front end under development. */
const sandboxOrigins = ['http://localhost:5173', 'http://127.0.0.1:5173'];

/**
 * Reads a frozen {@link Config} from environment variables.
 *
 * @throws {ConfigurationError} Naming every variable that is invalid or missing.
 */
export function readConfig(environment: Environment): Config {
  const env = new EnvironmentReader(environment);
  const production = env.text('NODE_ENV') === 'production';
  const upstreamAuth = env.choice('UPSTREAM_AUTH', 'api-key', ['api-key', 'forward']);
  const upstream = readUpstream(env, upstreamAuth, production);
  const routerSecret = readRouterSecret(env);
  const documents = readDocuments(env);

  const config: Config = {
    host: env.text('HOST') ?? '127.0.0.1',
    port: env.integer('PORT', 4000, 0, 65_535),
    upstream,
    upstreamAuth,
    upstreamTimeoutMs: env.integer('UPSTREAM_TIMEOUT_MS', 10_000, 1, maxTimerMs),
    audience: env.text('JWT_AUDIENCE'),
    adminPermission: env.text('ADMIN_PERMISSION'),
    adminOrganization: env.text('ADMIN_ORGANIZATION'),
    redis: readRedis(env),
    redisKeyPrefix: env.text('REDIS_KEY_PREFIX') ?? defaultKeyPrefix,
    onStoreFailure: env.choice('RATE_LIMIT_ON_STORE_FAILURE', 'local', ['local', 'closed']),
    // The GraphiQL page cannot send the router's secret: all its requests would be refused.
    graphiql:
      env.boolean('GRAPHIQL', !production) && routerSecret === null && !documents.trustedOnly,
    introspection: env.boolean('INTROSPECTION', !production),
    documents,
    maxBodyBytes: env.integer('MAX_BODY_BYTES', 1_048_576, 1, maxBodyBytes),
    corsOrigins: readCorsOrigins(env, upstream === null && !production ? sandboxOrigins : []),
    logLevel: env.choice('LOG_LEVEL', 'info', logLevels),
    routerSecret,
    keepAliveTimeoutMs: env.integer('KEEP_ALIVE_TIMEOUT_MS', 75_000, 1, maxTimerMs),
    shutdownDrainMs: env.integer('SHUTDOWN_DRAIN_MS', 2_000, 0, maxTimerMs),
    live: {
      pollMs: env.integer('LIVE_POLL_MS', 2_000, 0, maxTimerMs),
      maxStreamsPerUser: env.integer('LIVE_STREAMS_PER_USER', 100, 0, 1_000_000),
      maxStreams: env.integer('LIVE_STREAMS', 5_000, 0, 1_000_000),
    },
    tracing: readTracing(env),
    warnings: [
      ...(upstream === null ? unusedInSandbox(env) : []),
      ...(documents.trustedOnly && routerSecret !== null
        ? [
            'TRUSTED_DOCUMENTS_ONLY has no effect: requests with the ROUTER_SECRET are exempt from it',
          ]
        : []),
      ...unheededProxies(environment),
      ...env
        .misspelt()
        .map(({ variable, meant }) => `${variable} is unknown: did you mean ${meant}?`),
    ],
  };

  if (env.problems.length > 0) {
    for (const { variable, meant } of env.misspelt()) {
      env.reject(variable, `is unknown: did you mean ${meant}?`);
    }
    throw new ConfigurationError(env.problems);
  }
  return Object.freeze(config);
}

function readUpstream(
  env: EnvironmentReader,
  auth: UpstreamAuth,
  production: boolean,
): UpstreamConfig | null {
  const sandbox = env.boolean('SANDBOX', false);
  if (env.text('UPSTREAM_URL') === null) {
    if (production && !sandbox) {
      env.reject(
        'UPSTREAM_URL',
        'must be set to the REST API when NODE_ENV is production (or set SANDBOX=true to serve sample data on purpose)',
      );
    }
    return null;
  }

  const url = env.url('UPSTREAM_URL', ['http:', 'https:']);
  const apiKey = env.text('UPSTREAM_API_KEY');
  const issuer = env.text('JWT_ISSUER');
  if (
    url !== null &&
    (url.search !== '' || url.hash !== '' || url.username + url.password !== '')
  ) {
    env.reject('UPSTREAM_URL', 'must have no query, fragment, user name or password');
  }
  if (sandbox) env.reject('SANDBOX', 'is true, but UPSTREAM_URL names a real upstream: unset one');
  if (auth === 'api-key' && apiKey === null) {
    env.reject('UPSTREAM_API_KEY', 'must be set: with UPSTREAM_AUTH=api-key it is sent upstream');
  }
  if (apiKey !== null && !/^[\x21-\x7e]+$/.test(apiKey)) {
    env.reject('UPSTREAM_API_KEY', 'must be visible ASCII characters: it is sent in a header');
  }
  const jwksUrl = readSecureUrl(env, 'JWKS_URL');
  if (issuer === null) {
    env.reject('JWT_ISSUER', 'must be set to the issuer of the session tokens');
  } else if (env.text('JWKS_URL') === null) {
    // The keys are below the issuer's URL; with a JWKS_URL the issuer may be any StringOrURI (RFC 7519, section 2).
    readSecureUrl(env, 'JWT_ISSUER');
  } else if (issuer.includes(':') && !URL.canParse(issuer)) {
    env.reject('JWT_ISSUER', 'has a colon, so it must be a URI (RFC 7519, section 2)');
  }
  return {
    url: url === null ? '' : url.origin + url.pathname.replace(/\/+$/, ''),
    apiKey,
    issuer: issuer ?? '',
    jwksUrl,
  };
}

/** Keys fetched over plain HTTP can be replaced on the way, and then anyone's token be forged. */
function readSecureUrl(env: EnvironmentReader, variable: string): string | null {
  const url = env.url(variable, ['https:', 'http:']);
  if (url?.protocol === 'http:' && !isLoopback(url.hostname)) {
    env.reject(variable, 'must start with https:// (plain http is for loopback addresses only)');
  }
  return url?.href ?? null;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d+){3}$/.test(hostname);
}

function readRedis(env: EnvironmentReader): RedisTarget | null {
  const url = env.text('REDIS_URL');
  if (url === null) return null;
  try {
    return parseRedisUrl(url);
  } catch (error) {
    env.reject('REDIS_URL', (error as Error).message);
    return null;
  }
}

function readCorsOrigins(env: EnvironmentReader, fallback: readonly string[]): readonly string[] {
  const given = env.text('CORS_ORIGINS');
  if (given === null) return fallback;
  const origins = given.split(',').map((origin) => origin.trim());
  origins.forEach((origin, index) => {
    if (origin === '' || origin === '*') return;
    if (URL.canParse(origin) && new URL(origin).origin === origin) return;
    env.reject(
      'CORS_ORIGINS',
      `must list origins such as https://app.example.com, without a path, separated by commas; entry ${index + 1} is not an origin`,
    );
  });
  return origins.filter((origin) => origin !== '');
}

function readDocuments(env: EnvironmentReader): DocumentsConfig {
  const file = env.text('TRUSTED_DOCUMENTS');
  const trustedOnly = env.boolean('TRUSTED_DOCUMENTS_ONLY', false);
  if (trustedOnly && file === null) {
    env.reject('TRUSTED_DOCUMENTS', 'must be set: with TRUSTED_DOCUMENTS_ONLY nothing else is run');
  }
  return {
    trusted: file === null ? null : readTrustedDocuments(env, file),
    trustedOnly,
    automatic: env.boolean('AUTOMATIC_DOCUMENTS', true),
  };
}

function readTrustedDocuments(env: EnvironmentReader, file: string): Record<string, string> {
  let documents: unknown;
  try {
    documents = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code = 'it is not JSON' } = error as NodeJS.ErrnoException;
    env.reject('TRUSTED_DOCUMENTS', `must name a JSON file that can be read (${code})`);
    return {};
  }
  const isMap =
    typeof documents === 'object' &&
    documents !== null &&
    !Array.isArray(documents) &&
    Object.values(documents).every((text) => typeof text === 'string');
  if (isMap) return documents as Record<string, string>;
  env.reject('TRUSTED_DOCUMENTS', 'must hold an object of keys and documents, which are strings');
  return {};
}

function readRouterSecret(env: EnvironmentReader): string | null {
  const secret = env.text('ROUTER_SECRET');
  if (secret !== null && !/^[\x20-\x7e]+$/.test(secret)) {
    env.reject('ROUTER_SECRET', 'must be printable ASCII characters: it comes in a header');
  }
  return secret;
}

function unusedInSandbox(env: EnvironmentReader): string[] {
  return ['UPSTREAM_API_KEY', 'JWT_ISSUER', 'JWKS_URL', 'JWT_AUDIENCE']
    .filter((variable) => env.text(variable) !== null)
    .map((variable) => `${variable} has no effect without UPSTREAM_URL: the sandbox has its own`);
}

/** The variables by which other programs are configured to use a proxy, in upper or lower case. */
const proxyVariables: ReadonlySet<string> = new Set([
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NODE_USE_ENV_PROXY',
]);

/** One warning for all of them, without their values, because URLs may contain passwords. */
function unheededProxies(environment: Environment): string[] {
  const names = Object.keys(environment).filter(
    (name) => proxyVariables.has(name.toUpperCase()) && (environment[name] ?? '').trim() !== '',
  );
  if (names.length === 0) return [];
  const are = names.length === 1 ? 'is' : 'are';
  return [`${names.join(', ')} ${are} not honoured: the API and the issuer are called directly`];
}
