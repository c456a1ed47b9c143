import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Cancellation } from '../upstream/cancellation.ts';
import { ClientDeparture } from './client-departure.ts';

/**
 * The parts of a Fetch `Request` that Yoga and the gateway's plugins look at while an operation
 * runs, straight over `node:http`. Building a real one, with its header map and body stream, costs
 * more than the rest of a small operation.
 */
export class OperationRequest implements Pick<Request, 'method' | 'url'> {
  readonly method = 'POST';
  readonly headers: Pick<Headers, 'get' | 'has'>;
  readonly #incoming: IncomingMessage;
  readonly #response: ServerResponse;
  #departure: ClientDeparture | undefined;

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

  /** Made only when asked for. */
  get signal(): Cancellation {
    return (this.#departure ??= new ClientDeparture(this.#response));
  }
}

function headerOf({ headers }: IncomingMessage, name: string): string | null {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : (value ?? null);
}
