import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';

import { createCircuit, shed, type CircuitStateName } from './circuit.ts';
import { exchange, type Outcome } from './exchange.ts';
import type { Operation, OperationName } from './operation.ts';
import { probeUntilAnswered } from './probe.ts';
import { requestHeaders } from './request-headers.ts';
import { retryDelayMs } from './retry.ts';
import type { Deadline, UpstreamCall } from './upstream-call.ts';

export type { Deadline, UpstreamCall } from './upstream-call.ts';

/** What happened, for metrics and logs; nothing in it comes from a body or a token. */
export interface UpstreamObserver {
  onExchange?(
    operation: OperationName,
    outcome: Outcome,
    durationMs: number,
    requestId: string,
  ): void;
  /** A call was refused unsent: the circuit is open, or too many calls are pending. */
  onShed?(operation: OperationName): void;
  onRetry?(operation: OperationName): void;
  onCircuitChange?(state: CircuitStateName): void;
}

export interface UpstreamClientOptions {
  /** The API's base URL; a path prefix is kept. */
  readonly url: string;
  /** The gateway's own key; `null` forwards the caller's token instead. */
  readonly apiKey: string | null;
  /** Deadline of one field's upstream work in milliseconds, retries included. */
  readonly timeoutMs: number;
  readonly observer?: UpstreamObserver | undefined;
  /**
   * Keep-alive connections to the API. By default more than the rate limits let one user have under
   * way at once, were the API to answer none of their calls.
   *
   * @default 256
   */
  readonly maxConnections?: number | undefined;
  /**
   * Calls in flight and waiting for a connection. Beyond it, waiting would only add to the delay.
   *
   * @default 1024
   */
  readonly maxPending?: number | undefined;
}

export interface UpstreamRequest {
  readonly operation: Operation;
  /** Below the base URL, percent-encoded. */
  readonly path: string;
  readonly body?: string | undefined;
}

/** The outcome of the last attempt, and how many there were. */
export interface SendResult {
  readonly outcome: Outcome;
  readonly attempts: number;
}

export interface UpstreamClient {
  readonly forwardsToken: boolean;
  readonly circuitState: CircuitStateName;
  /** Calls under way, waiting for a connection, or for another attempt. */
  readonly pending: number;
  /** Starts the deadline of one field's upstream work. */
  deadline(): Deadline;
  send(request: UpstreamRequest, call: UpstreamCall): Promise<SendResult>;
  /** Resolves when the API has answered once, with any status, or when the client is closed. */
  answered(): Promise<boolean>;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

/**
 * The way to the REST API: a bounded keep-alive pool, one deadline over all attempts, retries where
 * they cannot do harm, and a circuit breaker.
 */
export function createUpstreamClient(options: UpstreamClientOptions): UpstreamClient {
  const { apiKey, timeoutMs, observer = {}, maxConnections = 256, maxPending = 1_024 } = options;
  const base = new URL(options.url);
  const prefix = base.pathname.replace(/\/+$/, '');
  const pool = new Pool(base.origin, {
    connections: maxConnections,
    connect: { timeout: timeoutMs },
  });
  const circuit = createCircuit({ onStateChange: (state) => observer.onCircuitChange?.(state) });
  const newDeadline = (): Deadline => performance.now() + timeoutMs;
  const probing = new AbortController();
  let heard = false;
  let pending = 0;
  let closed: Promise<void> | undefined;

  async function attempt(
    { operation, path, body }: UpstreamRequest,
    call: UpstreamCall,
    deadline: Deadline,
  ): Promise<Outcome> {
    const startedAt = performance.now();
    const timeoutMs = Math.ceil(deadline - startedAt);
    if (timeoutMs <= 0) return overdue();
    const outcome = await exchange(pool, {
      method: operation.method,
      path: prefix + path,
      headers: requestHeaders(apiKey ?? call.token, body, call),
      body,
      timeoutMs,
      // A write that has begun is seen through: whoever asked for it wants it done.
      signal: operation.writes ? undefined : call.signal,
    });
    if (outcome.kind === 'answer' && !heard) {
      // A call that was answered tells as much as the probe would.
      heard = true;
      probing.abort();
    }
    const durationMs = performance.now() - startedAt;
    observer.onExchange?.(operation.name, outcome, durationMs, call.requestId);
    return outcome;
  }

  async function send(request: UpstreamRequest, call: UpstreamCall): Promise<SendResult> {
    const deadline = call.deadline ?? newDeadline();
    let last: SendResult | null = null;
    for (let attempts = 1; ; attempts += 1) {
      const outcome = await circuit.execute(request.path, () => attempt(request, call, deadline));
      // A retry that the circuit refused is none: what came before it tells more.
      if (last !== null && isShed(outcome)) return last;
      last = { outcome, attempts };
      const delayMs = retryDelayMs(request.operation, outcome, attempts);
      if (delayMs === null || performance.now() + delayMs >= deadline) return last;
      observer.onRetry?.(request.operation.name);
      await sleep(delayMs);
    }
  }

  async function admit(request: UpstreamRequest, call: UpstreamCall): Promise<SendResult> {
    if (pending >= maxPending) {
      return { outcome: shed(new Error(`${maxPending} calls are pending`)), attempts: 1 };
    }
    pending += 1;
    try {
      return await send(request, call);
    } finally {
      pending -= 1;
    }
  }

  return {
    forwardsToken: apiKey === null,
    get circuitState() {
      return circuit.state;
    },
    get pending() {
      return pending;
    },
    deadline: newDeadline,
    async send(request, call) {
      const result = await admit(request, call);
      if (isShed(result.outcome)) observer.onShed?.(request.operation.name);
      return result;
    },
    answered: async () => (await probeUntilAnswered(pool, prefix, probing.signal)) || heard,
    close() {
      probing.abort();
      return (closed ??= pool.close());
    },
  };
}

function isShed(outcome: Outcome): boolean {
  return outcome.kind === 'failure' && outcome.reason === 'shed';
}

/** The outcome of an attempt for which no time is left. */
function overdue(): Outcome {
  const cause = new Error('the deadline passed before the request was sent');
  return { kind: 'failure', reason: 'timeout', sent: false, cause };
}
