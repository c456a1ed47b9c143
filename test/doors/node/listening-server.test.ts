import { once } from 'node:events';
import { Agent, request, type RequestListener, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';

import {
  listen,
  ListenError,
  type ListeningServer,
} from '../../../src/doors/node/listening-server.ts';

const address = { host: '127.0.0.1', port: 0 };
const graceMs = 10_000;
const agent = new Agent({ keepAlive: true });
let server: ListeningServer | undefined;
let held: ServerResponse[] = [];

afterEach(() => {
  agent.destroy();
  held = [];
});

/** Answers at once, but for `/hold`, which waits until the test answers. */
const listener: RequestListener = ({ url }, response) => {
  if (url === '/hold') held.push(response);
  else response.end('done');
};

async function get(path: string): Promise<{ connection: string | undefined; body: string }> {
  const outgoing = request(`${server?.url ?? ''}${path}`, { agent }).end();
  const [incoming] = (await once(outgoing, 'response')) as Parameters<typeof text> & [Response];
  return { connection: incoming.headers.connection, body: await text(incoming) };
}

interface Response {
  readonly headers: { readonly connection?: string };
}

async function untilHeld(): Promise<ServerResponse> {
  for (;;) {
    const [response] = held;
    if (response !== undefined) return response;
    await new Promise(setImmediate);
  }
}

describe('a server that drains', () => {
  it('goes on accepting, and tells kept connections as well as new ones to end', async () => {
    server = await listen({ listener, keepAliveTimeoutMs: 75_000, ...address });
    expect(await get('/')).toMatchObject({ connection: 'keep-alive' });
    const drained = server.drain(300, graceMs);
    expect(server.draining).toBe(true);
    expect(await get('/')).toEqual({ connection: 'close', body: 'done' });
    expect(await get('/')).toEqual({ connection: 'close', body: 'done' });
    await drained;
    await expect(get('/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('tells also the requests that were under way before', async () => {
    server = await listen({ listener, keepAliveTimeoutMs: 75_000, ...address });
    const answer = get('/hold');
    const response = await untilHeld();
    const drained = server.drain(0, graceMs);
    response.end('late');
    expect(await answer).toEqual({ connection: 'close', body: 'late' });
    await drained;
  });

  it('waits for the requests under way', async () => {
    server = await listen({ listener, keepAliveTimeoutMs: 75_000, ...address });
    const answer = get('/hold');
    const response = await untilHeld();
    let ended = false;
    const drained = server.drain(0, graceMs).then(() => (ended = true));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(ended).toBe(false);
    response.end('late');
    expect((await answer).body).toBe('late');
    await drained;
  });

  it('cuts off a request that never ends, after its grace', async () => {
    server = await listen({ listener, keepAliveTimeoutMs: 75_000, ...address });
    const answer = get('/hold');
    const cut = expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' });
    await untilHeld();
    await server.drain(0, 50);
    await cut;
  });

  it('does not wait for connections that were opened ahead and not used', async () => {
    server = await listen({ listener, keepAliveTimeoutMs: 75_000, ...address });
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(socket, 'connect');
    // The server has accepted it once it answers a later one.
    await get('/');
    await server.drain(0, graceMs);
    socket.destroy();
  });
});

describe('an address that cannot be listened on', () => {
  it('is named, and what to do about it', async () => {
    server = await listen({ listener, keepAliveTimeoutMs: 75_000, ...address });
    const port = Number(new URL(server.url).port);
    const second = listen({ listener, keepAliveTimeoutMs: 75_000, host: '127.0.0.1', port });
    await expect(second).rejects.toBeInstanceOf(ListenError);
    await expect(second).rejects.toThrow(
      `The gateway cannot listen with HOST=127.0.0.1 and PORT=${port}: another process has that port`,
    );
    await server.drain(0, 0);
  });

  it('may be no address of this machine', async () => {
    await expect(
      listen({ listener, keepAliveTimeoutMs: 75_000, host: '192.0.2.1', port: 0 }),
    ).rejects.toThrow(/HOST=192\.0\.2\.1 .*: this machine has no such address/);
  });
});
