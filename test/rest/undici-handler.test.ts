import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Pool, type Dispatcher } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';

/**
 * What `exchange.ts` relies on and undici's documentation does not promise: its older handler
 * interface. Where an upgrade fails here, exchanges would fail or become slow.
 */
const server = createServer((request, response) => {
  if (request.url === '/hints') response.writeEarlyHints({ link: '</a>; rel=preload' });
  response.writeHead(200, ['X-Case', 'Kept', 'x-two', '1', 'x-two', '2', 'content-length', '2']);
  response.end('{}');
});
let connections = 0;
server.on('connection', () => (connections += 1));
let pool: Pool;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
beforeEach(() => {
  connections = 0;
  pool = new Pool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { connections: 1 });
});
afterEach(() => pool.destroy());
afterAll(() => {
  server.close();
});

interface Recorded {
  readonly calls: (readonly unknown[])[];
  readonly receivers: Set<unknown>;
}

/** Dispatches with a handler that records what undici calls, and on which object. */
function dispatch(path: string, onConnect?: () => void): Promise<Recorded> {
  const recorded: Recorded = { calls: [], receivers: new Set() };
  return new Promise((resolve) => {
    class Handler implements Dispatcher.DispatchHandler {
      #note(...call: unknown[]): true {
        recorded.calls.push(call);
        recorded.receivers.add(this);
        return true;
      }
      onConnect(abort: () => void): void {
        this.#note('connect', typeof abort);
        onConnect?.();
      }
      onHeaders(status: number, headers: Buffer[]): boolean {
        return this.#note('headers', status, headers);
      }
      onData(chunk: Buffer): boolean {
        return this.#note('data', chunk);
      }
      onComplete(): void {
        this.#note('complete');
        resolve(recorded);
      }
      onError(error: Error): void {
        this.#note('error', error.message);
        resolve(recorded);
      }
    }
    pool.dispatch({ method: 'GET', path }, new Handler());
  });
}

it('gives a handler the headers as raw buffers, in their order and case', async () => {
  const { calls } = await dispatch('/');
  expect(calls.map(([name]) => name)).toEqual(['connect', 'headers', 'data', 'complete']);
  expect(calls[0]).toEqual(['connect', 'function']);
  const [, status, headers] = calls[1] as ['headers', number, Buffer[]];
  expect(status).toBe(200);
  expect(headers.every((part) => Buffer.isBuffer(part))).toBe(true);
  const texts = headers.map((part) => part.toString('latin1'));
  expect(texts.slice(0, 8)).toEqual([
    ...['X-Case', 'Kept', 'x-two', '1', 'x-two', '2', 'content-length', '2'],
  ]);
  expect(Buffer.isBuffer(calls[2]?.[1])).toBe(true);
});

it('calls the handler itself, not a copy of it', async () => {
  expect((await dispatch('/')).receivers.size).toBe(1);
});

it('hands informational answers to the handler before the real one', async () => {
  const { calls } = await dispatch('/hints');
  expect(calls.flatMap(([name, status]) => (name === 'headers' ? [status] : []))).toEqual([
    103, 200,
  ]);
});

it('keeps the connection of a request that its handler gives up before it is written', async () => {
  await dispatch('/');
  const { calls } = await dispatch('/', () => {
    throw new Error('given up');
  });
  expect(calls).toEqual([
    ['connect', 'function'],
    ['error', 'given up'],
  ]);
  expect((await dispatch('/')).calls.at(-1)).toEqual(['complete']);
  expect(connections).toBe(1);
});

it('tells the handler, and throws nothing, where a request cannot be made', async () => {
  const { calls } = await dispatch('no slash');
  expect(calls).toMatchObject([['error', expect.any(String) as string]]);
  await pool.close();
  expect((await dispatch('/')).calls).toMatchObject([['error', expect.any(String) as string]]);
});
