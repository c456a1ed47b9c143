import { performance } from 'node:perf_hooks';
import type { LookupFunction } from 'node:net';

import { portOf } from '../http.ts';
import type { JsonSource } from '../json/index.ts';
import { createCircuit, withCircuit, type CircuitState } from './circuit.ts';
import { createConnections } from './connections.ts';
import { createDeadlines } from './deadlines.ts';
import { createExchange } from './exchange.ts';
import { shed, type Answer, type FailureReason, type Outcome, type Send } from './outcome.ts';
import { probeUntilAnswered } from './probe.ts';
import { createRequestHeaders, type RestRequest } from './request.ts';
import { withRetry } from './retry.ts';
import { errorFromAnswer, errorFromFailure, malformedAnswer } from './status-map.ts';

/**
 * Events for metrics and logs, without anything from a body or a token. `operation` is the operation's
 * name.
 */
export interface RestObserver {
  /**
   * An HTTP exchange has ended.
   *
   * @param result - The status of the response, or why there was none.
   * @param cause - The error of a failure; `null` for a response.
   */
  exchanged?(
    operation: string,
    result: number | FailureReason,
    durationMs: number,
    requestId: string,
    cause: Error | null,
  ): void;
  /**
   * The API was probed, before any call was answered.
   *
   * @param cause - Why it did not answer; `null` where it did.
   */
  probed?(cause: Error | null): void;
  /** A call was not sent: the circuit is open, or too many calls are pending. */
  shed?(operation: string): void;
  /** A call is about to be repeated. */
  retried?(operation: string): void;
  circuitChanged?(state: CircuitState): void;
  /** A success response was malformed. `what` names keys and types, never values. */
  malformed?(operation: string, what: string, requestId: string): void;
}

export interface RestClientOptions {
  /** The API's base URL; a path prefix is kept. */
  readonly url: string;
  /** The gateway's own key; `null`: the caller's token is forwarded instead. */
  readonly apiKey: string | null;
  /** The time-out of one field's upstream work in milliseconds, retries included. */
  readonly timeoutMs: number;
  readonly observer?: RestObserver | undefined;
  /**
   * The most keep-alive connections to the API. By default more than the calls that the rate limits let
   * one user have under way at once while the API answers none.
   *
   * @default 256
   */
  readonly maxConnections?: number | undefined;
  /**
   * The most calls in flight or waiting for a connection. More are shed: they would only add to the delay.
   *
   * @default 1024
   */
  readonly maxPending?: number | undefined;
  /**
   * Milliseconds after which a connection gets no more requests, so that the gateway follows a change of
   * the API's addresses.
   *
   * @default 30000
   */
  readonly connectionLifeMs?: number | undefined;
  /** Resolves the API's host name. @default dns.lookup */
  readonly lookup?: LookupFunction | undefined;
  /** Milliseconds since the epoch, by which dates of the API are read. @default Date.now */
  readonly now?: (() => number) | undefined;
}

/** Returned by a reader for a 2xx response that is malformed. */
export class Malformed {
  /** The key and the type that it had, such as `created_at is a number`; never the value. */
  readonly what: string;

  constructor(what: string) {
    this.what = what;
  }
}

/**
 * Reads the result from a 2xx response.
 *
 * @param body - `null` where it was refused, which the client reports.
 */
export type Read<T> = (body: JsonSource | null, answer: Answer) => T | Malformed;

export interface RestClient {
  readonly forwardsToken: boolean;
  readonly circuitState: CircuitState;
  /** The number of calls under way, waiting for a connection, or waiting for another attempt. */
  readonly pending: number;
  /** Returns the deadline for the upstream work of a field that begins now, by `performance.now()`. */
  deadline(): number;
  /** Sends a request through all policies, and settles with the outcome. */
  readonly send: Send;
  /**
   * Sends a request, and resolves with what `read` returns for a 2xx response.
   *
   * @throws {TypedError} (rejecting) For every other outcome, by the status map.
   */
  ask<T>(request: RestRequest, read: Read<T>): Promise<T>;
  /** Whether the API has answered once, with any status. */
  readonly hasAnswered: boolean;
  /**
   * Probes the API until it answers. Resolves when it has answered, or when the client is closed.
   *
   * @returns Whether it has answered.
   */
  answered(): Promise<boolean>;
  /** Closes the connections once the requests under way have ended. */
  close(): Promise<void>;
}

/**
 * Creates the client of the REST API: a bounded keep-alive pool, one deadline for all attempts, retries
 * where they are safe, and a circuit breaker.
 *
 * @throws {TypeError} When `url` is not a URL.
 */
export function createRestClient(options: RestClientOptions): RestClient {
  const { apiKey, timeoutMs, observer = {}, now = Date.now } = options;
  const base = new URL(options.url);
  const prefix = base.pathname.replace(/\/+$/, '');
  const connections = createConnections({
    origin: base.origin,
    maxConnections: options.maxConnections ?? 256,
    connectTimeoutMs: timeoutMs,
    lifeMs: options.connectionLifeMs ?? 30_000,
    lookup: options.lookup,
  });
  const circuit = createCircuit({ onStateChange: (state) => observer.circuitChanged?.(state) });
  const probing = new AbortController();
  let heard = false;

  function onExchange(request: RestRequest, outcome: Outcome, durationMs: number): void {
    const isAnswer = outcome.kind === 'answer';
    if (isAnswer && !heard) {
      // A call that was answered makes the probe unnecessary.
      heard = true;
      probing.abort();
    }
    observer.exchanged?.(
      request.operation.name,
      isAnswer ? outcome.status : outcome.reason,
      durationMs,
      request.behalf.requestId,
      isAnswer ? null : outcome.cause,
    );
  }

  const exchange = createExchange({
    connections,
    deadlines: createDeadlines(),
    prefix,
    server: {
      'server.address': base.hostname,
      'server.port': portOf(base),
    },
    headersOf: createRequestHeaders(apiKey),
    onExchange,
  });
  const onRetry = (operation: string): void => observer.retried?.(operation);
  const bulkhead = { pending: 0, max: options.maxPending ?? 1_024 };
  const send = withBulkhead(bulkhead, withRetry(withCircuit(circuit, exchange), { onRetry, now }));

  /** @throws {TypedError} */
  function conclude<T>(request: RestRequest, read: Read<T>, outcome: Outcome): T {
    const { operation, id, behalf } = request;
    if (outcome.kind === 'failure') {
      if (outcome.reason === 'shed') observer.shed?.(operation.name);
      throw errorFromFailure(outcome, operation);
    }
    const { status, body, refusal } = outcome;
    if (status < 200 || status >= 300) {
      throw errorFromAnswer(outcome, {
        operation,
        id,
        forwardsToken: apiKey === null,
        now: now(),
      });
    }
    const result = read(body, outcome);
    if (!(result instanceof Malformed)) return result;
    observer.malformed?.(operation.name, refusal ?? result.what, behalf.requestId);
    throw malformedAnswer(outcome, operation);
  }

  return {
    forwardsToken: apiKey === null,
    get circuitState() {
      return circuit.state;
    },
    get pending() {
      return bulkhead.pending;
    },
    deadline: () => performance.now() + timeoutMs,
    send,
    ask: (request, read) =>
      new Promise((resolve, reject) => {
        send(request, (outcome) => {
          try {
            resolve(conclude(request, read, outcome));
          } catch (thrown) {
            const error = thrown as Error;
            reject(error);
          }
        });
      }),
    get hasAnswered() {
      return heard;
    },
    async answered() {
      const { signal } = probing;
      const answers = await probeUntilAnswered(connections, prefix, signal, (cause) => {
        if (!signal.aborted) observer.probed?.(cause);
      });
      if (answers) {
        heard = true;
        observer.probed?.(null);
      }
      return heard;
    },
    close() {
      probing.abort();
      return connections.close();
    },
  };
}

interface Bulkhead {
  readonly max: number;
  pending: number;
}

/** A policy: sheds calls beyond the number that may be pending. */
function withBulkhead(bulkhead: Bulkhead, next: Send): Send {
  return (request, settle) => {
    if (bulkhead.pending >= bulkhead.max) {
      settle(shed(new Error(`${bulkhead.max} calls are pending`)));
      return;
    }
    bulkhead.pending += 1;
    next(request, (outcome) => {
      bulkhead.pending -= 1;
      settle(outcome);
    });
  };
}
