import { readFileSync } from 'node:fs';

import type { EnvironmentReader } from './environment.ts';
import type { BatchOptions, SamplerName, SpanExportOptions } from './telemetry/span-export.ts';
import { scopeName } from './telemetry/tracing.ts';

const samplers: readonly SamplerName[] = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
];

/** A day, as for other times in the configuration. */
const maxMs = 86_400_000;
const maxSpans = 1_000_000;

/**
 * Reads OpenTelemetry's standard variables, as its specification defines them ("Environment Variable
 * Specification", "OTLP Exporter"). Most of them are only checked where an endpoint is set.
 *
 * @returns `null` where nothing is traced.
 */
export function readTracing(env: EnvironmentReader): SpanExportOptions | null {
  const isDisabled = readDisabled(env);
  const exporter = env.choice('OTEL_TRACES_EXPORTER', 'otlp', ['otlp', 'none']);
  const url = readEndpoint(env);
  if (url === null) return null;

  const [protocol] = variablesOf(env, 'PROTOCOL');
  env.choice(protocol, 'http/protobuf', ['http/protobuf']);
  const [timeout] = variablesOf(env, 'TIMEOUT');
  const [compression] = variablesOf(env, 'COMPRESSION');
  const sampler = env.choice('OTEL_TRACES_SAMPLER', 'parentbased_always_on', samplers);
  const options: SpanExportOptions = {
    url,
    headers: readHeaders(env),
    timeoutMs: env.integer(timeout, 10_000, 1, maxMs),
    compresses: env.choice(compression, 'none', ['none', 'gzip']) === 'gzip',
    tls: {
      ca: readPem(env, 'CERTIFICATE'),
      cert: readPem(env, 'CLIENT_CERTIFICATE'),
      key: readPem(env, 'CLIENT_KEY'),
    },
    sampler,
    samplerRatio: readRatio(env, sampler),
    resource: readResource(env),
    batch: readBatch(env),
  };
  return isDisabled || exporter === 'none' ? null : options;
}

/** Booleans of OpenTelemetry are case-insensitive. */
function readDisabled(env: EnvironmentReader): boolean {
  const value = env.text('OTEL_SDK_DISABLED')?.toLowerCase();
  if (value === undefined || value === 'false') return false;
  if (value !== 'true') env.reject('OTEL_SDK_DISABLED', 'must be true or false');
  return true;
}

/** The endpoint for traces is used as it is; the one for all signals is the base of their paths. */
function readEndpoint(env: EnvironmentReader): string | null {
  const protocols = ['http:', 'https:'];
  const own = env.url('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', protocols);
  const common = env.url('OTEL_EXPORTER_OTLP_ENDPOINT', protocols);
  if (own !== null) return own.href;
  if (common === null) return null;
  const url = new URL(common);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return url.href;
}

/** The variable for traces alone and the one for all signals; the first one is in effect. */
function variablesOf(env: EnvironmentReader, setting: string): [counting: string, other: string] {
  const own = `OTEL_EXPORTER_OTLP_TRACES_${setting}`;
  const common = `OTEL_EXPORTER_OTLP_${setting}`;
  env.text(common);
  return env.text(own) === null ? [common, own] : [own, common];
}

function readHeaders(env: EnvironmentReader): Record<string, string> {
  const [counting, other] = variablesOf(env, 'HEADERS');
  return { ...readHeadersOf(env, other), ...readHeadersOf(env, counting) };
}

function readHeadersOf(env: EnvironmentReader, variable: string): Record<string, string> {
  const headers = readPairs(env, variable);
  for (const [name, value] of Object.entries(headers)) {
    if (/^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\t\x20-\x7e]*$/.test(value)) continue;
    env.reject(variable, 'must be names and values of HTTP headers (RFC 9110, section 5)');
  }
  return headers;
}

function readResource(env: EnvironmentReader): Record<string, string> {
  const name = env.text('OTEL_SERVICE_NAME');
  return {
    'service.name': scopeName,
    ...readPairs(env, 'OTEL_RESOURCE_ATTRIBUTES'),
    ...(name !== null && { 'service.name': name }),
  };
}

/** Reads `a=1,b=2`, percent-encoded. Its text is not repeated in messages: headers contain credentials. */
function readPairs(env: EnvironmentReader, variable: string): Record<string, string> {
  const entries = env.text(variable)?.split(',') ?? [];
  const pairs: Record<string, string> = {};
  entries.forEach((entry, index) => {
    if (entry.trim() === '') return;
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(entry) ?? [];
    try {
      if (name.trim() === '') throw new URIError('no name');
      pairs[decodeURIComponent(name.trim())] = decodeURIComponent(value.trim());
    } catch {
      env.reject(
        variable,
        `must list name=value, percent-encoded, separated by commas; entry ${index + 1} is not such a pair`,
      );
    }
  });
  return pairs;
}

function readPem(env: EnvironmentReader, setting: string): string | null {
  const [variable] = variablesOf(env, setting);
  const file = env.text(variable);
  if (file === null) return null;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    env.reject(variable, `must name a file that can be read (${code})`);
    return null;
  }
}

function readRatio(env: EnvironmentReader, sampler: SamplerName): number {
  const text = env.text('OTEL_TRACES_SAMPLER_ARG');
  if (!sampler.endsWith('traceidratio') || text === null) return 1;
  const ratio = /^(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?$/i.test(text) ? Number(text) : NaN;
  if (ratio >= 0 && ratio <= 1) return ratio;
  env.reject('OTEL_TRACES_SAMPLER_ARG', `must be a number from 0 to 1 with ${sampler}`);
  return 1;
}

function readBatch(env: EnvironmentReader): BatchOptions {
  const maxQueueSize = env.integer('OTEL_BSP_MAX_QUEUE_SIZE', 2_048, 1, maxSpans);
  const size = env.integer(
    'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
    Math.min(512, maxQueueSize),
    1,
    maxSpans,
  );
  if (size > maxQueueSize) {
    env.reject('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 'must not be more than OTEL_BSP_MAX_QUEUE_SIZE');
  }
  return {
    maxQueueSize,
    maxExportBatchSize: size,
    scheduledDelayMillis: env.integer('OTEL_BSP_SCHEDULE_DELAY', 5_000, 0, maxMs),
    exportTimeoutMillis: env.integer('OTEL_BSP_EXPORT_TIMEOUT', 30_000, 1, maxMs),
  };
}
