import { describe, expect, it } from 'vitest';

import { readConfig } from '../src/config.ts';
import { ConfigurationError, type Environment } from '../src/environment.ts';

const real = {
  UPSTREAM_URL: 'https://api.example.com/v1/',
  UPSTREAM_API_KEY: 'the-key',
  JWT_ISSUER: 'https://login.example.com',
};

function refusalOf(environment: Environment): ConfigurationError {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('The configuration was taken.');
}

describe('the configuration', () => {
  it('has a default for everything', () => {
    expect(readConfig({})).toEqual({
      host: '127.0.0.1',
      port: 4000,
      upstream: null,
      upstreamAuth: 'api-key',
      upstreamTimeoutMs: 10_000,
      audience: null,
      adminPermission: null,
      adminOrganization: null,
      redis: null,
      redisKeyPrefix: 'execution-context-gateway:',
      onStoreFailure: 'local',
      graphiql: true,
      introspection: true,
      maxBodyBytes: 1_048_576,
      documents: { trusted: null, trustedOnly: false, automatic: true },
      live: { pollMs: 2_000, maxStreamsPerUser: 100, maxStreams: 5_000 },
      corsOrigins: ['http://localhost:5173', 'http://127.0.0.1:5173'],
      logLevel: 'info',
      routerSecret: null,
      keepAliveTimeoutMs: 75_000,
      shutdownDrainMs: 2_000,
      tracing: null,
      warnings: [],
    });
  });

  it('keeps a path prefix of the upstream, and makes nobody an administrator of its own', () => {
    expect(readConfig(real)).toMatchObject({
      upstream: {
        url: 'https://api.example.com/v1',
        apiKey: 'the-key',
        issuer: 'https://login.example.com',
        jwksUrl: null,
      },
      adminPermission: null,
    });
  });

  it('opens nothing in production but what it is told to', () => {
    const production = { ...real, NODE_ENV: 'production' };
    expect(readConfig(production)).toMatchObject({ graphiql: false, introspection: false });
    expect(readConfig({ ...production, INTROSPECTION: 'true' })).toMatchObject({
      introspection: true,
    });
  });

  it('traces where a collector is named, by OpenTelemetry’s variables', () => {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example.com/' };
    expect(readConfig(endpoint).tracing).toEqual({
      url: 'https://collector.example.com/v1/traces',
      headers: {},
      timeoutMs: 10_000,
      compresses: false,
      tls: { ca: null, cert: null, key: null },
      sampler: 'parentbased_always_on',
      samplerRatio: 1,
      resource: { 'service.name': 'execution-context-gateway' },
      batch: {
        maxQueueSize: 2_048,
        maxExportBatchSize: 512,
        scheduledDelayMillis: 5_000,
        exportTimeoutMillis: 30_000,
      },
    });
    const sampled = { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' };
    expect(readConfig({ ...endpoint, ...sampled }).tracing).toMatchObject({ samplerRatio: 0.25 });
    expect(readConfig({ ...endpoint, OTEL_SDK_DISABLED: 'True' }).tracing).toBeNull();
    expect(readConfig({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' }).tracing).toBeNull();
    // Others of OpenTelemetry's programs may be meant.
    expect(readConfig({ OTEL_TRACES_SAMPLER: 'xray' })).toMatchObject({
      tracing: null,
      warnings: [],
    });
  });

  it('names every variable of OpenTelemetry’s that is wrong, and never a header', () => {
    const wrong = {
      OTEL_SDK_DISABLED: 'perhaps',
      OTEL_TRACES_EXPORTER: 'zipkin',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'collector:4318',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: 'long',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'br',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=hidden,hidden',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'a b=hidden%0a',
      OTEL_EXPORTER_OTLP_CERTIFICATE: '/nowhere/ca.pem',
      OTEL_RESOURCE_ATTRIBUTES: 'a=%E0%A4%A',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '1.5',
      OTEL_BSP_MAX_QUEUE_SIZE: '10',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '11',
    };
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
    const { problems, message } = refusalOf({ ...endpoint, ...wrong });
    const right = ['OTEL_TRACES_SAMPLER', 'OTEL_BSP_MAX_QUEUE_SIZE'];
    expect(problems.map(({ variable }) => variable).toSorted()).toEqual(
      Object.keys(wrong)
        .filter((variable) => !right.includes(variable))
        .toSorted(),
    );
    expect(message).not.toContain('hidden');
    const sampler = refusalOf({ ...endpoint, OTEL_TRACES_SAMPLER: 'xray' });
    expect(sampler.problems).toMatchObject([{ variable: 'OTEL_TRACES_SAMPLER' }]);
  });

  it('takes a blank variable for one that is not set', () => {
    expect(readConfig({ PORT: '', HOST: ' ', LOG_LEVEL: '' })).toEqual(readConfig({}));
  });

  it('cannot be changed', () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true);
  });

  it('warns of what has no effect', () => {
    expect(readConfig({ JWT_AUDIENCE: 'api' }).warnings).toEqual([
      expect.stringContaining('JWT_AUDIENCE has no effect'),
    ]);
  });

  it.each<[string, string, RegExp]>([
    ['PORT', '65536', /whole number from 0 to 65535, not "65536"/],
    ['PORT', '4000.5', /whole number/],
    ['UPSTREAM_URL', 'api.example.com', /absolute URL that starts with http:\/\/ or https:\/\//],
    ['UPSTREAM_URL', 'https://api.example.com?x=1', /no query/],
    ['UPSTREAM_URL', 'https://:hidden@api.example.com', /password/],
    ['UPSTREAM_AUTH', 'none', /one of api-key, forward, not "none"/],
    ['UPSTREAM_API_KEY', 'hid\nden', /visible ASCII/],
    ['UPSTREAM_TIMEOUT_MS', '0', /from 1 to/],
    ['UPSTREAM_TIMEOUT_MS', '2147483647', /to 86400000/],
    ['JWT_ISSUER', 'login', /absolute URL/],
    ['JWKS_URL', 'http://login.example.com/jwks', /https:\/\//],
    ['REDIS_URL', 'http://user:hidden@redis', /redis:\/\/.* or rediss:\/\//],
    ['REDIS_URL', 'redis://user:hidden%@redis', /decode|percent/],
    ['REDIS_URL', 'redis://:hidden@redis/abc', /database/],
    ['KEEP_ALIVE_TIMEOUT_MS', '0', /from 1 to/],
    ['RATE_LIMIT_ON_STORE_FAILURE', 'open', /one of local, closed/],
    ['GRAPHIQL', 'yes', /one of true, false/],
    ['INTROSPECTION', '1', /one of true, false/],
    ['MAX_BODY_BYTES', '1mb', /whole number/],
    ['MAX_BODY_BYTES', '268435457', /to 268435456/],
    ['CORS_ORIGINS', 'https://a.example.com, https://u:hidden@b.example.com', /entry 2/],
    ['CORS_ORIGINS', 'https://a.example.com/', /without a path/],
    ['LOG_LEVEL', 'loud', /one of fatal, error/],
    ['ROUTER_SECRET', 'hidden\u00e9', /ASCII/],
    ['SHUTDOWN_DRAIN_MS', '-1', /from 0 to/],
    ['SANDBOX', 'true', /unset one/],
  ])('refuses %s=%j and says why, but no secret', (variable, value, message) => {
    const { problems, message: text } = refusalOf({ ...real, [variable]: value });
    expect(problems).toEqual([{ variable, message: expect.stringMatching(message) as string }]);
    expect(text).not.toContain('hidden');
  });

  it('lists every bad variable in one message', () => {
    const { message } = refusalOf({ ...real, PORT: 'x', LOG_LEVEL: 'y', JWT_ISSUER: '' });
    expect(message.split('\n').map((line) => line.trim().split(':')[0])).toEqual([
      'The gateway cannot start with this configuration',
      'JWT_ISSUER',
      'PORT',
      'LOG_LEVEL',
    ]);
  });
});

describe('a proxy for other programs', () => {
  it.each([
    [{ HTTP_PROXY: 'http://user:hidden@proxy:3128' }, 'HTTP_PROXY is'],
    [{ https_proxy: 'hidden' }, 'https_proxy is'],
    [{ ALL_PROXY: 'socks5://hidden' }, 'ALL_PROXY is'],
    [{ NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: 'hidden' }, 'NODE_USE_ENV_PROXY, HTTPS_PROXY are'],
    [
      { http_proxy: 'hidden', HTTP_PROXY: 'hidden', all_proxy: 'hidden' },
      'http_proxy, HTTP_PROXY, all_proxy are',
    ],
  ])('is not honoured, which is told once and without its value: %o', (proxies, named) => {
    expect(readConfig({ ...real, ...proxies }).warnings).toEqual([
      `${named} not honoured: the API and the issuer are called directly`,
    ]);
  });

  it.each([{ HTTP_PROXY: ' ' }, { NO_PROXY: 'localhost' }, { FTP_PROXY: 'ftp://proxy' }])(
    'is nothing to tell of where there is none: %o',
    (environment) => {
      expect(readConfig(environment).warnings).toEqual([]);
    },
  );
});

describe('a misspelt variable', () => {
  it.each([
    ['UPSTREAM_ULR', 'UPSTREAM_URL'],
    ['UPSTREAM_APIKEY', 'UPSTREAM_API_KEY'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['REDIS_URI', 'REDIS_URL'],
    ['cors_origins', 'CORS_ORIGINS'],
    ['PROT', 'PORT'],
  ])('is named beside the one that was meant: %s', (variable, meant) => {
    expect(readConfig({ [variable]: 'value' }).warnings).toEqual([
      `${variable} is unknown: did you mean ${meant}?`,
    ]);
  });

  it('is named where its absence stops the start', () => {
    const { problems } = refusalOf({ NODE_ENV: 'production', UPSTREAM_ULR: real.UPSTREAM_URL });
    expect(problems.map(({ variable }) => variable)).toEqual(['UPSTREAM_URL', 'UPSTREAM_ULR']);
  });

  it('is not suspected in what other programs are told by', () => {
    const others = ['HOME', 'PATH', 'HOSTNAME', 'LANG', 'POSTGRES_URL', 'REDIS_PORT', 'NODE_PATH'];
    const environment = Object.fromEntries(others.map((name) => [name, 'value']));
    expect(readConfig(environment).warnings).toEqual([]);
  });
});
