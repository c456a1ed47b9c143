/**
 * OpenTelemetry's SDK, behind {@link Tracer}. Loaded by nothing but where something is to be traced,
 * so importing it takes an `import()`.
 */
import * as api from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
  type SpanExporter,
} from '@opentelemetry/sdk-trace';

import { createTracer, scopeName, type Tracer } from './tracing.ts';

/** The samplers of the specification, by their names in `OTEL_TRACES_SAMPLER`. */
export type SamplerName = `${'' | 'parentbased_'}${'always_on' | 'always_off' | 'traceidratio'}`;

export interface BatchOptions {
  /** Spans that wait; more are dropped. */
  readonly maxQueueSize: number;
  readonly maxExportBatchSize: number;
  readonly scheduledDelayMillis: number;
  readonly exportTimeoutMillis: number;
}

export interface SpanExportOptions {
  /** Where batches go, as protobuf over HTTP. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** How long one batch may take in milliseconds, repeated attempts included. */
  readonly timeoutMs: number;
  readonly compresses: boolean;
  /** PEM; `null` where nothing is set. */
  readonly tls: Readonly<Record<'ca' | 'cert' | 'key', string | null>>;
  readonly sampler: SamplerName;
  /** Of the samplers that go by a ratio: how many of the traces, from 0 to 1. */
  readonly samplerRatio: number;
  /** What the spans are of, such as `service.name`. */
  readonly resource: Readonly<Record<string, string>>;
  readonly batch: BatchOptions;
}

/** Told how each export ended. */
export interface ExportListener {
  exported(): void;
  failed(error: Error): void;
}

export interface SpanExport {
  readonly tracer: Tracer;
  /** Sends what waits, for a second at most. Never rejects. */
  close(): Promise<void>;
}

/** So long a collector that does not answer may delay the end of the process, in milliseconds. */
const closeMs = 1_000;

/** Makes spans, and sends them in batches to a collector. Nothing is registered globally. */
export function createSpanExport(options: SpanExportOptions, listener: ExportListener): SpanExport {
  const exporter = withListener(createExporter(options), listener);
  const provider = new TracerProvider({
    resource: defaultResource().merge(resourceFromAttributes(options.resource)),
    sampler: createSampler(options),
    spanProcessors: [new BatchSpanProcessor({ exporter, ...options.batch })],
  });
  return {
    tracer: createTracer(api, provider.getTracer(scopeName)),
    close: () => withinBound(provider.shutdown(), listener),
  };
}

/** Of an enumeration which the package takes and does not export. */
type Compression = NonNullable<
  NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>['compression']
>;

function createExporter({ url, headers, timeoutMs, compresses, tls }: SpanExportOptions) {
  const set = Object.entries(tls).filter(([, pem]) => pem !== null);
  return new OTLPTraceExporter({
    url,
    headers: { ...headers },
    timeoutMillis: timeoutMs,
    // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- a value of it
    ...(compresses && { compression: 'gzip' as Compression }),
    httpAgentOptions: { keepAlive: true, ...Object.fromEntries(set) },
  });
}

/** Of failures the SDK tells by a global logger alone. */
function withListener(exporter: SpanExporter, listener: ExportListener): SpanExporter {
  return {
    export(spans, settle) {
      exporter.export(spans, (result) => {
        // 0 is a success; the enumeration stands in a package that has no other use here.
        const code: number = result.code;
        if (code === 0) listener.exported();
        else listener.failed(result.error ?? new Error('the collector refused the spans'));
        settle(result);
      });
    },
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
}

function createSampler({ sampler, samplerRatio }: SpanExportOptions): Sampler {
  const [, parentBased, name] = /^(parentbased_)?(.*)$/.exec(sampler) ?? [];
  const root =
    name === 'always_on'
      ? new AlwaysOnSampler()
      : name === 'always_off'
        ? new AlwaysOffSampler()
        : new TraceIdRatioBasedSampler(samplerRatio);
  return parentBased === undefined ? root : new ParentBasedSampler({ root });
}

/** An export repeats its attempts for longer than an end of the process can wait. */
async function withinBound(shutdown: Promise<void>, listener: ExportListener): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      listener.failed(new Error(`spans were left unsent after ${closeMs} ms`));
      resolve();
    }, closeMs);
  });
  // How an export failed has been told by then.
  await Promise.race([shutdown.catch(() => undefined), expired]);
  clearTimeout(timer);
}
