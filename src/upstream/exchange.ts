import { setMaxListeners } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

import type { Cancellation } from './cancellation.ts';

export interface ExchangeRequest {
  readonly method: Dispatcher.HttpMethod;
  /** As it goes on the wire: percent-encoded, with any path prefix and query. */
  readonly path: string;
  /** Alternating names and values, undici's cheapest form. */
  readonly headers: string[];
  readonly body?: string | undefined;
  /** Milliseconds until the whole exchange, connecting included, is given up. */
  readonly timeoutMs: number;
  /** Gives the exchange up early; the outcome is then `canceled`. */
  readonly signal?: Cancellation | undefined;
}

/** The API answered. `body` is `null` where it was refused: too large, compressed, not UTF-8. */
export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string | null;
}

/** The API gave no whole answer. */
export interface Failure {
  readonly kind: 'failure';
  readonly reason: 'connection' | 'timeout' | 'canceled' | 'shed';
  /** Whether a byte of the request may have reached the API. */
  readonly sent: boolean;
  readonly cause: Error;
}

export type Outcome = Answer | Failure;

/** Largest successful response read, in bytes: a full page of large contexts stays well below. */
const maxBodyBytes = 16 * 1024 * 1024;
/** Largest error response read, in bytes: only its message is of interest. */
const maxErrorBodyBytes = 1024 * 1024;

/**
 * Sends one request and collects its answer. Never rejects: what went wrong is an {@link Outcome},
 * because whether a request was sent decides what may be repeated, and exceptions lose that.
 *
 * `dispatch` rather than `request`: it tells when the request starts on a socket, and it spares a
 * stream per response, which is a fifth of the gateway's CPU time on small answers.
 */
export function exchange(dispatcher: Dispatcher, request: ExchangeRequest): Promise<Outcome> {
  return new Promise((resolve) => {
    new Exchange(request, resolve).start(dispatcher);
  });
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: ExchangeRequest;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #timer: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | null = null;
  #settled = false;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(request: ExchangeRequest, resolve: (outcome: Outcome) => void) {
    this.#request = request;
    this.#resolve = resolve;
    this.#timer = setTimeout(() => {
      this.#giveUp('timeout', new Error(`no answer within ${request.timeoutMs} ms`));
    }, request.timeoutMs);
  }

  start(dispatcher: Dispatcher): void {
    const { method, path, headers, body = null, signal } = this.#request;
    if (signal?.aborted) {
      this.#onAbort();
      return;
    }
    if (signal !== undefined) {
      // A client may ask for many contexts at once, and all that is under way ends with it.
      if (signal instanceof EventTarget) setMaxListeners(0, signal);
      signal.addEventListener('abort', this.#onAbort);
    }
    try {
      // The one deadline is ours; undici's own timers would only add a second, coarser one.
      dispatcher.dispatch({ method, path, headers, body, headersTimeout: 0, bodyTimeout: 0 }, this);
    } catch (error) {
      this.#giveUp('connection', error as Error);
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Given up while it waited for a connection: nothing has been written yet, and nothing will be.
    // To throw leaves the connection to whoever is next; to abort would close it.
    if (this.#settled) throw new Error('given up before it was sent');
    this.#controller = controller;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    // Compression was not asked for, and a few bytes of it can stand for gigabytes.
    const compressed = (headers['content-encoding'] ?? 'identity') !== 'identity';
    if (compressed || Number(headers['content-length'] ?? 0) > this.#cap) this.#refuseBody();
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    this.#bytes += chunk.length;
    this.#chunks.push(chunk);
    if (this.#bytes > this.#cap) this.#refuseBody();
  }

  onResponseEnd(): void {
    const [first] = this.#chunks;
    const body =
      first === undefined || this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : first;
    this.#answer(decodeUtf8(body));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#giveUp('connection', error);
  }

  get #cap(): number {
    return this.#status < 300 ? maxBodyBytes : maxErrorBodyBytes;
  }

  #refuseBody(): void {
    this.#answer(null);
    this.#controller?.abort(new Error('the response body is refused'));
  }

  readonly #onAbort = (): void => {
    this.#giveUp('canceled', new Error('the caller went away'));
  };

  #answer(body: string | null): void {
    this.#settle({ kind: 'answer', status: this.#status, headers: this.#headers, body });
  }

  #giveUp(reason: Failure['reason'], cause: Error): void {
    if (this.#settled) return;
    this.#settle({ kind: 'failure', reason, sent: this.#controller !== null, cause });
    this.#controller?.abort(cause);
  }

  #settle(outcome: Outcome): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#chunks = [];
    clearTimeout(this.#timer);
    this.#request.signal?.removeEventListener('abort', this.#onAbort);
    this.#resolve(outcome);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}
