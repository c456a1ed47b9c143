import { performance } from 'node:perf_hooks';
import type { Dispatcher } from 'undici';

import type { Cancellation, CancellationListener } from '../cancellation.ts';
import { isEncoded } from '../http.ts';
import { JsonSource, withoutByteOrderMark } from '../json/index.ts';
import type { Span, SpanAttributes } from '../telemetry/tracing.ts';
import type { Connections } from './connections.ts';
import type { DeadlineEntry, Deadlines } from './deadlines.ts';
import type { Answer, FailureReason, Outcome, Send, Settle } from './outcome.ts';
import { cancellationOf } from './request.ts';
import type { RequestHeadersOf, RestRequest } from './request.ts';

export interface ExchangeOptions {
  readonly connections: Connections;
  readonly deadlines: Deadlines;
  /** The path of the API's base URL, without a slash at the end. */
  readonly prefix: string;
  /** The attributes of spans that identify the API. */
  readonly server: SpanAttributes;
  readonly headersOf: RequestHeadersOf;
  /** Called when an exchange has ended, before its outcome is passed on. */
  readonly onExchange: (request: RestRequest, outcome: Outcome, durationMs: number) => void;
}

/** The largest successful body that is read, in bytes: a full page of large contexts is well below. */
const maxBodyBytes = 16 * 1024 * 1024;
/** The largest error body that is read, in bytes: only its message is needed. */
const maxErrorBodyBytes = 1024 * 1024;

/**
 * Creates the sending of one request, which never throws: every failure is an outcome, which says
 * whether any byte was sent.
 */
export function createExchange(options: ExchangeOptions): Send {
  return (request, settle) => {
    new Exchange(options, request, settle).start();
  };
}

/**
 * One object for one exchange: undici's handler, an entry in the list of deadlines, and the listener for
 * the departure of the client or the cancellation of a write.
 *
 * It implements undici's older handler interface, whose headers are raw buffers. Handlers with an
 * `onRequestStart` are wrapped, and the headers of each response parsed into an object.
 */
class Exchange implements Dispatcher.DispatchHandler, DeadlineEntry, CancellationListener {
  readonly deadline: number;
  earlier: DeadlineEntry | null = null;
  later: DeadlineEntry | null = null;
  readonly #options: ExchangeOptions;
  readonly #request: RestRequest;
  readonly #settle: Settle;
  #cancellation: Cancellation | null = null;
  #span: Span | null = null;
  #startedAt = 0;
  #settled = false;
  /** Set when the request is about to be written. */
  #abort: ((cause: Error) => void) | null = null;
  #status = 0;
  #headers: Buffer[] = noHeaders;
  /** The first chunk: most bodies arrive in one. */
  #chunk: Buffer | null = null;
  #chunks: Buffer[] | null = null;
  #bytes = 0;

  constructor(options: ExchangeOptions, request: RestRequest, settle: Settle) {
    this.deadline = request.deadline;
    this.#options = options;
    this.#request = request;
    this.#settle = settle;
  }

  start(): void {
    const { connections, deadlines, prefix, headersOf } = this.#options;
    const { operation, path, body } = this.#request;
    const now = performance.now();
    this.#startedAt = now;
    if (this.deadline <= now) {
      this.deadlinePassed();
      return;
    }
    const cancellation = cancellationOf(this.#request);
    if (cancellation !== null) {
      if (cancellation.isCanceled) {
        this.canceled();
        return;
      }
      this.#cancellation = cancellation;
      cancellation.watch(this);
    }
    const { span } = this.#request.behalf;
    if (span !== null) this.#span = this.#startSpan(span);
    deadlines.add(this);
    connections.sender(now).dispatch(
      {
        method: operation.method,
        path: prefix + path,
        headers: headersOf(this.#request, this.#span?.trace),
        body: body ?? null,
      },
      this,
    );
  }

  onConnect(abort: (cause?: Error) => void): void {
    // Settled while it waited for a connection: nothing has been written, and nothing must be. Throwing
    // leaves the connection to the next request; aborting would close it.
    if (this.#settled) throw new Error('settled before it was sent');
    this.#abort = abort;
  }

  onHeaders(status: number, headers: Buffer[]): boolean {
    // An informational response: the final one follows.
    if (status < 200) return true;
    this.#status = status;
    this.#headers = headers;
    const refusal = refusalOf(headers, this.#cap);
    if (refusal !== null) this.#refuseBody(refusal);
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.#settled) return true;
    this.#bytes += chunk.length;
    if (this.#chunk === null) this.#chunk = chunk;
    else (this.#chunks ??= [this.#chunk]).push(chunk);
    if (this.#bytes > this.#cap) this.#refuseBody(tooLarge(this.#cap));
    return true;
  }

  onComplete(): void {
    if (this.#settled) return;
    const bytes =
      this.#chunks === null ? (this.#chunk ?? noBytes) : Buffer.concat(this.#chunks, this.#bytes);
    const body = JsonSource.of(withoutByteOrderMark(bytes));
    this.#answer(body, body === null ? 'a body that is not UTF-8' : null);
  }

  onError(error: Error): void {
    this.#fail('connection', this.#status === 0 ? explain(error) : error);
  }

  deadlinePassed(): void {
    this.#fail('timeout', new Error('no answer before the deadline'));
  }

  canceled(): void {
    // A client does not end a write: see `cancellationOf`.
    const { writes } = this.#request.operation;
    const cause = writes ? 'the write was canceled' : 'the client has left';
    this.#fail('canceled', new Error(cause));
  }

  #startSpan(parent: Span): Span {
    const { operation, resends = 0 } = this.#request;
    const { method } = operation;
    const { prefix, server } = this.#options;
    const template = prefix + operation.template;
    const attributes = {
      'http.request.method': method,
      'url.template': template,
      ...server,
      ...(resends > 0 && { 'http.request.resend_count': resends }),
    };
    return parent.startChild(`${method} ${template}`, attributes, 'client');
  }

  get #cap(): number {
    return this.#status < 300 ? maxBodyBytes : maxErrorBodyBytes;
  }

  #refuseBody(refusal: string): void {
    this.#answer(null, refusal);
    this.#abort?.(new Error(refusal));
  }

  #answer(body: JsonSource | null, refusal: string | null): void {
    this.#conclude(new RawAnswer(this.#status, body, refusal, this.#headers));
  }

  #fail(reason: FailureReason, cause: Error): void {
    if (this.#settled) return;
    const abort = this.#abort;
    this.#conclude({ kind: 'failure', reason, sent: abort !== null, cause });
    abort?.(cause);
  }

  #conclude(outcome: Outcome): void {
    if (this.#settled) return;
    this.#settled = true;
    // undici may keep a reference to its handler until the connection is used again.
    this.#chunk = this.#chunks = null;
    this.#headers = noHeaders;
    const { deadlines, onExchange } = this.#options;
    deadlines.remove(this);
    this.#cancellation?.unwatch(this);
    if (this.#span !== null) endSpan(this.#span, outcome);
    onExchange(this.#request, outcome, performance.now() - this.#startedAt);
    this.#settle(outcome);
  }
}

/** Ends a span by OpenTelemetry's conventions for HTTP clients. The departure of a client is not a failure. */
function endSpan(span: Span, outcome: Outcome): void {
  if (outcome.kind === 'answer') {
    const { status } = outcome;
    span.set('http.response.status_code', status);
    span.end(status >= 400 ? String(status) : null, status >= 400);
  } else {
    span.end(outcome.reason, outcome.reason !== 'canceled');
  }
}

const noHeaders: Buffer[] = [];
const noBytes = Buffer.alloc(0);

/** An answer whose headers are decoded only when they are read. */
class RawAnswer implements Answer {
  readonly kind = 'answer';
  readonly status: number;
  readonly body: JsonSource | null;
  readonly refusal: string | null;
  /** Alternating names and values. */
  readonly #raw: readonly Buffer[];

  constructor(
    status: number,
    body: JsonSource | null,
    refusal: string | null,
    raw: readonly Buffer[],
  ) {
    this.status = status;
    this.body = body;
    this.refusal = refusal;
    this.#raw = raw;
  }

  header(name: string): string | null {
    for (let i = 0; i < this.#raw.length; i += 2) {
      if (isNamed(this.#raw[i], name)) return text(this.#raw[i + 1]);
    }
    return null;
  }

  headers(): Readonly<Record<string, string>> {
    const headers = Object.create(null) as Record<string, string>;
    for (let i = 0; i < this.#raw.length; i += 2) {
      const name = text(this.#raw[i]).toLowerCase();
      const value = text(this.#raw[i + 1]);
      headers[name] = name in headers ? `${headers[name] ?? ''}, ${value}` : value;
    }
    return headers;
  }
}

/** Why a body with these headers is not read; `null` where it is. */
function refusalOf(headers: readonly Buffer[], cap: number): string | null {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i];
    const value = headers[i + 1];
    if (isNamed(name, 'content-encoding')) {
      if (isEncoded(text(value))) return 'a body that is compressed, which was declined';
    } else if (value !== undefined && value.length > 6 && isNamed(name, 'content-length')) {
      // All caps have seven digits or more, so a shorter length need not be parsed.
      if (Number(text(value)) > cap) return tooLarge(cap);
    }
  }
  return null;
}

function tooLarge(cap: number): string {
  return `a body of more than ${cap} bytes`;
}

/** @param name - In lower case. */
function isNamed(raw: Buffer | undefined, name: string): boolean {
  return raw?.length === name.length && text(raw).toLowerCase() === name;
}

function text(raw: Buffer | undefined): string {
  return raw === undefined ? '' : raw.toString('latin1');
}

/** Clearer messages for the reasons for which undici destroys a connection. */
const explanations: Readonly<Record<string, readonly [code: string, message: string]>> = {
  'bad response': ['UNASKED_100_CONTINUE', 'a 100 Continue that was not asked for'],
  'bad upgrade': ['UNASKED_UPGRADE', 'an upgrade of the protocol that was not asked for'],
};

function explain(error: Error): Error {
  if (!('code' in error) || error.code !== 'UND_ERR_SOCKET') return error;
  const [code, message] = explanations[error.message] ?? [];
  return code === undefined ? error : Object.assign(new Error(message, { cause: error }), { code });
}
