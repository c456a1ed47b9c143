/**
 * OpenTelemetry's SDK, behind {@link Tracer}. It is only loaded where tracing is configured, so it is
 * imported by `import()`.
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
  /** How many spans may wait; more are dropped. */
  readonly maxQueueSize: number;
  readonly maxExportBatchSize: number;
  readonly scheduledDelayMillis: number;
  readonly exportTimeoutMillis: number;
}

export interface SpanExportOptions {
  /** Where batches are sent, as protobuf over HTTP. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The time-out of one batch in milliseconds, retries included. */
  readonly timeoutMs: number;
  readonly compresses: boolean;
  /** PEM texts; `null` where unset. */
  readonly tls: Readonly<Record<'ca' | 'cert' | 'key', string | null>>;
  readonly sampler: SamplerName;
  /** For samplers by ratio: the share of traces, from 0 to 1. */
  readonly samplerRatio: number;
  /** The attributes of the resource, such as `service.name`. */
  readonly resource: Readonly<Record<string, string>>;
  readonly batch: BatchOptions;
}

/** A listener for the end of each export. */
export interface ExportListener {
  exported(): void;
  failed(error: Error): void;
}

export interface SpanExport {
  readonly tracer: Tracer;
  /** Sends the waiting spans, for one second at most. Never rejects. */
  close(): Promise<void>;
}

/** How long a collector that does not answer may delay the end of the process, in milliseconds. */
const closeMs = 1_000;

/** Creates a tracer whose spans are sent in batches to a collector. Nothing is registered globally. */
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

/** An enumeration that the package accepts and does not export. */
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

/** The SDK reports failures only to a global logger. */
function withListener(exporter: SpanExporter, listener: ExportListener): SpanExporter {
  return {
    export(spans, settle) {
      exporter.export(spans, (result) => {
        // 0 is success; the enumeration is in a package that is not needed otherwise.
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

/** An export retries for longer than the end of the process can wait. */
async function withinBound(shutdown: Promise<void>, listener: ExportListener): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      listener.failed(new Error(`spans were left unsent after ${closeMs} ms`));
      resolve();
    }, closeMs);
  });
  // The listener has been called with a failure of the export by then.
  await Promise.race([shutdown.catch(() => undefined), expired]);
  clearTimeout(timer);
}
