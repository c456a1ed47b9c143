/** The floor with undici's `dispatch`: the same job without a promise or a stream for the answer. */
import { createServer, type ServerResponse } from 'node:http';
import { Pool, type Dispatcher } from 'undici';

import { environment } from './environment.ts';
import { sendJson } from './json-response.ts';
import { toExecutionContext, toPage, toRestRequest } from './rest-mapping.ts';
import type { StoredPage, Variables } from './rest-mapping.ts';
import type { StoredContext } from './stored-context.ts';

const { port, upstreamUrl, apiKey } = environment();
const pool = new Pool(upstreamUrl, { connections: 128 });
const headers = { accept: 'application/json', authorization: `Bearer ${apiKey}` };
const headersWithBody = { ...headers, 'content-type': 'application/json' };

class Exchange implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  readonly #isList: boolean;
  readonly #chunks: Buffer[] = [];
  #status = 0;

  constructor(response: ServerResponse, isList: boolean) {
    this.#response = response;
    this.#isList = isList;
  }

  onRequestStart(): void {
    // Nothing has to be kept: undici only asks that the method is there.
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    try {
      const value: unknown = JSON.parse(body.toString());
      if (this.#status !== 200) throw new Error(body.toString());
      const mapped = this.#isList
        ? toPage(value as StoredPage)
        : toExecutionContext(value as StoredContext);
      sendJson(this.#response, 200, mapped);
    } catch (error) {
      sendJson(this.#response, 502, { message: String(error) });
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    sendJson(this.#response, 502, { message: String(error) });
  }
}

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { variables } = JSON.parse(Buffer.concat(chunks).toString()) as { variables: Variables };
    const { method, path, body } = toRestRequest(variables);
    pool.dispatch(
      { method, path, body, headers: body === null ? headers : headersWithBody },
      new Exchange(response, variables.id === undefined),
    );
  });
}).listen(port, '127.0.0.1');
