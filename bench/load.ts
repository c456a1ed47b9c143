import { Pool, type Dispatcher } from 'undici';

import type { Exchange } from './cases.ts';

/** Those on whose behalf requests are sent, in turn; user number n asks for context number n. */
export interface Users {
  readonly tokens: readonly string[];
  /** Requests sent so far to one server: where the turn is. */
  next: number;
}

export interface Stop {
  /** On the clock of `performance.now()`. */
  readonly atMs: number;
  readonly afterRequests: number;
}

export interface Load {
  /** Sends requests over all connections until one of both is reached; waits for every answer. */
  run(stop: Stop): Promise<Latencies>;
  close(): Promise<void>;
}

/** From sending to the last byte of the answer, in milliseconds, in the order of the answers. */
export type Latencies = readonly number[];

const timeoutMs = 20_000;

/** Connections to one server, over which each sends its next request when it has its answer. */
export function createLoad(
  url: string,
  exchange: Exchange,
  users: Users,
  connections: number,
): Load {
  const pool = new Pool(url, {
    connections,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  return {
    run: (stop) =>
      new Promise((resolve, reject) => {
        const run: Run = {
          ...{ pool, exchange, users, stop, sent: 0, latencies: [], failed: false },
          clients: connections,
          resolve,
          reject,
        };
        for (let index = 0; index < connections; index += 1) new Client(run).send();
      }),
    // Answers that nobody waits for any more are let go with their connections.
    close: () => pool.destroy(),
  };
}

/** What the connections of one run share. */
interface Run {
  readonly pool: Pool;
  readonly exchange: Exchange;
  readonly users: Users;
  readonly stop: Stop;
  sent: number;
  readonly latencies: number[];
  /** How many of them are not done yet. */
  clients: number;
  failed: boolean;
  readonly resolve: (latencies: Latencies) => void;
  readonly reject: (error: unknown) => void;
}

/** One connection's worth of load; undici calls it back, so that a request costs no promise. */
class Client implements Dispatcher.DispatchHandler {
  readonly #run: Run;
  #context = 0;
  #sentAt = 0;
  #status = 0;
  #chunks: Buffer[] = [];

  constructor(run: Run) {
    this.#run = run;
  }

  send(): void {
    const { pool, exchange, users, stop } = this.#run;
    if (this.#run.failed) return;
    if (performance.now() >= stop.atMs || this.#run.sent >= stop.afterRequests) {
      this.#run.clients -= 1;
      if (this.#run.clients === 0) this.#run.resolve(this.#run.latencies);
      return;
    }
    this.#run.sent += 1;
    this.#context = users.next % users.tokens.length;
    users.next += 1;
    const { method, path, body } = exchange.request(this.#context);
    const authorization = `Bearer ${users.tokens[this.#context] ?? ''}`;
    const headers = ['accept', 'application/json', 'authorization', authorization];
    if (body !== null) headers.push('content-type', 'application/json');
    this.#chunks = [];
    this.#sentAt = performance.now();
    pool.dispatch({ method, path, body, headers }, this);
  }

  onRequestStart(): void {
    // undici asks that the method is there.
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#run.latencies.push(performance.now() - this.#sentAt);
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    try {
      this.#run.exchange.check(this.#context, this.#status, body);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.send();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  #fail(error: unknown): void {
    this.#run.failed = true;
    this.#run.reject(error);
  }
}
