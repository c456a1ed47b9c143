import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * The parts of a Fetch `Request` that Yoga and the gateway's plugins look at while an operation
 * runs, straight over `node:http`. Building a real one, with its header map and body stream, costs
 * more than the rest of a small operation.
 */
export class OperationRequest implements Pick<Request, 'method' | 'url' | 'signal'> {
  readonly method = 'POST';
  readonly headers: Pick<Headers, 'get' | 'has'>;
  readonly #incoming: IncomingMessage;
  readonly #response: ServerResponse;
  #signal: AbortSignal | undefined;

  constructor(incoming: IncomingMessage, response: ServerResponse) {
    this.#incoming = incoming;
    this.#response = response;
    this.headers = {
      get: (name) => headerOf(incoming, name),
      has: (name) => headerOf(incoming, name) !== null,
    };
  }

  get url(): string {
    return `http://${this.#incoming.headers.host ?? 'localhost'}${this.#incoming.url ?? '/'}`;
  }

  /** Fires when the client goes away before its response is complete. */
  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      const controller = new AbortController();
      this.#signal = controller.signal;
      this.#response.once('close', () => {
        if (!this.#response.writableFinished) controller.abort();
      });
    }
    return this.#signal;
  }
}

function headerOf({ headers }: IncomingMessage, name: string): string | null {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : (value ?? null);
}
