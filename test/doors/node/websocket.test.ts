import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

import { listen } from '../../../src/doors/node/listening-server.ts';
import { subprotocol } from '../../../src/doors/node/websocket-session.ts';
import {
  createWebSocketDoor,
  type WebSocketDoorOptions,
} from '../../../src/doors/node/websocket.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { eventually } from '../../live/streams.ts';
import { dial, webSocketHandshake, webSocketMessage } from '../../support/wire.ts';

describe('a WebSocket', () => {
  const unused = {} as never;
  async function listenWith(options: Partial<WebSocketDoorOptions>) {
    const server = await listen({
      ...{ host: '127.0.0.1', port: 0, keepAliveTimeoutMs: 1_000, listener: () => undefined },
      upgrades: createWebSocketDoor({
        ...{ engine: unused, execute: unused, hasPlugins: true, endpoint: '/graphql' },
        ...{ metrics: createMetrics(), logger: createLogger({ level: 'silent' }) },
        ...{ maxBodyBytes: 1_048_576, ...options },
      }),
    });
    return { url: server.url, [Symbol.asyncDispose]: () => server.drain(0, 0) };
  }

  it('is closed when the time for connection_init is over', async () => {
    await using server = await listenWith({ initTimeoutMs: 50 });
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, [subprotocol]);
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(4408);
  });

  /** A client that sends pings of so many bytes each, and reads nothing. */
  async function sendPings(url: string, count: number, bytes = 65_536) {
    const socket = await dial(url);
    socket.pause();
    socket.write(webSocketHandshake('/graphql', [`sec-websocket-protocol: ${subprotocol}`]));
    const ping = webSocketMessage({ type: 'ping', payload: { padding: 'x'.repeat(bytes) } });
    const sent = { socket, taken: 0 };
    for (let i = 0; i < count; i += 1) socket.write(ping, () => (sent.taken += 1));
    return sent;
  }

  /** Reads a chunk after each pause; counts the answers to pings, and answers those of the gateway. */
  function readAnswers(socket: Socket, pauseMs: number) {
    const read = { pongs: 0 };
    let rest = '';
    socket.on('data', (chunk: Buffer) => {
      const text = rest + chunk.toString('latin1');
      const parts = text.split('{"type":"pong"');
      read.pongs += parts.length - 1;
      if (text.includes('\x89\0')) socket.write('\x8a\x80\0\0\0\0', 'latin1');
      rest = chunk.at(-1) === 0x89 ? '\x89' : (/[^x]*$/.exec(parts.at(-1) ?? '')?.[0] ?? '');
      if (pauseMs === 0) return;
      socket.pause();
      setTimeout(() => {
        socket.resume();
      }, pauseMs);
    });
    socket.resume();
    return read;
  }

  it('takes no more from a client that does not read its answers, and loses none of them', async () => {
    const count = 1_000;
    await using server = await listenWith({});
    const sent = await sendPings(server.url, count);
    for (let before = -1; before < sent.taken;) {
      before = sent.taken;
      await sleep(200);
    }
    // Those in the buffers of the operating system are among them.
    expect(sent.taken).toBeLessThan(count / 2);
    const read = readAnswers(sent.socket, 0);
    expect(await eventually(() => read.pongs, count)).toBe(count);
    sent.socket.destroy();
  });

  it('keeps a client that reads a message for longer than pings are waited for', async () => {
    const pingIntervalMs = 400;
    await using server = await listenWith({ pingIntervalMs, maxBodyBytes: 10_000_000 });
    const { socket } = await sendPings(server.url, 2, 8_000_000);
    const startedAt = performance.now();
    const read = readAnswers(socket, 10);
    let isClosed = false;
    socket.once('close', () => (isClosed = true));
    expect(await eventually(() => read.pongs, 2)).toBe(2);
    // Of the second one, all but the beginning is still to come.
    await eventually(() => isClosed || performance.now() - startedAt > 6 * pingIntervalMs, true);
    expect(isClosed).toBe(false);
    socket.destroy();
  });

  it('cuts off a client that reads nothing', async () => {
    await using server = await listenWith({ pingIntervalMs: 50 });
    const { socket } = await sendPings(server.url, 1_000);
    await new Promise((resolve) => socket.once('close', resolve));
  });

  it('releases a stream whose result cannot be written', async () => {
    let isReturned = false;
    async function* results() {
      try {
        for (;;) yield { data: { number: 1n } };
      } finally {
        isReturned = true;
      }
    }
    await using server = await listenWith({ execute: async () => results() });
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, [subprotocol]);
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    socket.send('{"type":"subscribe","id":"1","payload":{"query":"subscription { a }"}}');
    expect(await eventually(() => isReturned, true)).toBe(true);
    socket.terminate();
  });
});
