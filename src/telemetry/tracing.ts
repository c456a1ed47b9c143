import type * as openTelemetry from '@opentelemetry/api';
import type {
  Context,
  Span as ApiSpan,
  SpanContext,
  Tracer as ApiTracer,
} from '@opentelemetry/api';

/** W3C Trace Context of one hop, as its headers carry it. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/**
 * The parts of `@opentelemetry/api` that create spans. It is passed in, so that importing this file does
 * not load it. It is typed by its methods, because classes of two versions are incompatible types where
 * they have private members.
 */
export interface OpenTelemetryApi extends Pick<
  typeof openTelemetry,
  'ROOT_CONTEXT' | 'SpanKind' | 'SpanStatusCode' | 'createTraceState' | 'isSpanContextValid'
> {
  readonly context: Pick<typeof openTelemetry.context, 'active'>;
  readonly trace: Pick<
    typeof openTelemetry.trace,
    'getSpan' | 'getTracer' | 'setSpan' | 'setSpanContext'
  >;
}

/**
 * Names and numbers of the gateway or the schema, and the names of operations: never an id, a token, a
 * key, a variable or a value of a context.
 */
export type SpanAttributes = Readonly<Record<string, string | number>>;

/** A span of a trace. It does not exist where nothing is traced. */
export interface Span {
  /** The trace context that is sent upstream, so that spans of the API are children of this one. */
  readonly trace: TraceContext | undefined;
  /** Starts a child span. @param kind - `client` for a call of another service. @default internal */
  startChild(name: string, attributes: SpanAttributes, kind?: 'client' | 'internal'): Span;
  set(attribute: string, value: string | number): void;
  /**
   * Ends the span. To be called once.
   *
   * @param errorType - The `error.type`, a name from a short list; `null` for a success.
   * @param isFailure - Whether the error is a failure of the gateway or of the API, and not only an
   *   expected error for the caller.
   */
  end(errorType: string | null, isFailure: boolean): void;
}

/** Starts the spans of requests. It is `null` where nothing is traced. */
export interface Tracer {
  /**
   * Starts the span of a request. Its parent is the active span where there is one (in a server that
   * embeds the gateway), else the client's.
   */
  startRequest(name: string, attributes: SpanAttributes, from: TraceContext | undefined): Span;
}

/** The instrumentation scope of the gateway's spans. */
export const scopeName = 'execution-context-gateway';

/**
 * Creates a {@link Tracer} by OpenTelemetry.
 *
 * @param tracer - From a provider that has been set up; until then spans are not recorded.
 */
export function createTracer(api: OpenTelemetryApi, tracer: ApiTracer): Tracer {
  return {
    startRequest(name, attributes, from) {
      const active = api.context.active();
      const isEmbedded = api.trace.getSpan(active) !== undefined;
      const kind = isEmbedded ? api.SpanKind.INTERNAL : api.SpanKind.SERVER;
      const parent = isEmbedded ? active : remoteContext(api, from);
      const span = tracer.startSpan(name, { kind, attributes }, parent);
      return new TracedSpan(api, tracer, parent, span);
    },
  };
}

class TracedSpan implements Span {
  readonly #api: OpenTelemetryApi;
  readonly #tracer: ApiTracer;
  readonly #context: Context;
  readonly #span: ApiSpan;

  constructor(api: OpenTelemetryApi, tracer: ApiTracer, parent: Context, span: ApiSpan) {
    this.#api = api;
    this.#tracer = tracer;
    this.#context = api.trace.setSpan(parent, span);
    this.#span = span;
  }

  get trace(): TraceContext | undefined {
    const context = this.#span.spanContext();
    // A provider that has not been set up makes spans without ids.
    return this.#api.isSpanContextValid(context) ? writeTraceContext(context) : undefined;
  }

  startChild(name: string, attributes: SpanAttributes, kind = 'internal'): Span {
    const { SpanKind } = this.#api;
    const options = { kind: kind === 'client' ? SpanKind.CLIENT : SpanKind.INTERNAL, attributes };
    const span = this.#tracer.startSpan(name, options, this.#context);
    return new TracedSpan(this.#api, this.#tracer, this.#context, span);
  }

  set(attribute: string, value: string | number): void {
    this.#span.setAttribute(attribute, value);
  }

  end(errorType: string | null, isFailure: boolean): void {
    if (errorType !== null) this.#span.setAttribute('error.type', errorType);
    if (isFailure) this.#span.setStatus({ code: this.#api.SpanStatusCode.ERROR });
    this.#span.end();
  }
}

/** @param from - In the form that `readTraceContext` accepts. */
function remoteContext(api: OpenTelemetryApi, from: TraceContext | undefined): Context {
  if (from === undefined) return api.ROOT_CONTEXT;
  const [, traceId = '', spanId = '', flags = ''] = from.traceparent.split('-');
  const remote: SpanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(from.tracestate !== undefined && { traceState: api.createTraceState(from.tracestate) }),
  };
  return api.trace.setSpanContext(api.ROOT_CONTEXT, remote);
}

/** W3C Trace Context, section 3.2. */
function writeTraceContext({ traceId, spanId, traceFlags, traceState }: SpanContext): TraceContext {
  const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  const tracestate = traceState?.serialize() ?? '';
  return tracestate === '' ? { traceparent } : { traceparent, tracestate };
}
